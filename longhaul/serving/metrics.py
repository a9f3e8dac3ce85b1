"""What Prometheus is told: one set of figures for all workers of a service."""

import os
from pathlib import Path

import psutil
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


def share_folder(folder: Path) -> None:
    """Let this process, and those it starts from now on, keep their figures in a new folder."""
    folder.mkdir()
    os.environ[_FOLDER] = str(folder)


class ServiceMetrics:
    """The figures of one process.

    prometheus_client adds those of all processes up, through files in a folder; see `share`.
    """

    def __init__(self) -> None:
        own = CollectorRegistry()  # of no use but to keep them out of the global one
        process = os.getpid()
        # This process does not fork: to ask for its id anew with each figure is a slow habit.
        values.ValueClass = values.MultiProcessValue(lambda: process)
        self.requests = Counter(
            "longhaul_requests", "Requests by HTTP status.", ["status"], registry=own
        )
        self.errors = Counter(
            "longhaul_errors", "Requests that were refused, by code.", ["code"], registry=own
        )
        self.predictions = Counter(
            "longhaul_rows", "Rows predicted.", ["model", "version"], registry=own
        )
        self.seconds = Histogram(
            "longhaul_request_seconds",
            "From the whole request to the answer, of /invocations.",
            buckets=_SECONDS,
            registry=own,
        )
        self.fallbacks = Counter(
            "longhaul_long_way", "Requests that MLflow's own parsing read.", registry=own
        )
        self.on_log_failure = Counter(
            "longhaul_unrecorded_rows", "Rows answered that are not on record.", registry=own
        )
        self.swaps = Counter("longhaul_swaps", "Models swapped, in all workers.", registry=own)
        self.refused = Counter(
            "longhaul_refused_versions", "Versions that were not put in service.", registry=own
        )
        self.version = Gauge(
            "longhaul_model_version",
            "Workers that serve a version.",
            ["model", "version"],
            multiprocess_mode="livesum",
            registry=own,
        )
        self.lag = Gauge(
            "longhaul_record_lag_seconds",
            "Age of the oldest row on record that is not Parquet yet.",
            multiprocess_mode="livemax",
            registry=own,
        )
        self.shadowed = Counter(
            "longhaul_shadow_rows", "Rows predicted in the shadow.", ["version"], registry=own
        )
        self.shadow_failures = Counter(
            "longhaul_shadow_failures", "Files that the shadow could not predict.", registry=own
        )


def exposition() -> bytes:
    """The figures of all processes in Prometheus' text format."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry)


def counter_total(name: str) -> int:
    """A counter, added up over all processes and labels."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    found = [sample for metric in registry.collect() for sample in metric.samples]
    return int(sum(sample.value for sample in found if sample.name == f"{name}_total"))


def remove_dead_processes() -> None:
    """Take figures that hold for living processes off those that have died."""
    for file in Path(os.environ[_FOLDER]).glob("gauge_live*_*.db"):
        process = int(file.stem.rpartition("_")[2])
        if not psutil.pid_exists(process):
            multiprocess.mark_process_dead(process)
