"""Prometheus metrics: one set of figures for all workers of a service."""

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
    """Keep the figures of this process, and of those it starts from now on, in a new folder."""
    folder.mkdir()
    os.environ[_FOLDER] = str(folder)


class ServiceMetrics:
    """Counters, gauges and histograms of one process.

    prometheus_client adds those of all processes up, through files in a folder; see
    `share_folder`.
    """

    def __init__(self) -> None:
        registry = CollectorRegistry()  # not read: it keeps them out of the global one
        process = os.getpid()
        # This process does not fork: asking for its id with each figure would only take time.
        values.ValueClass = values.MultiProcessValue(lambda: process)
        self.requests = Counter(
            "longhaul_requests", "Requests by HTTP status.", ["status"], registry=registry
        )
        self.errors = Counter(
            "longhaul_errors", "Requests that were refused, by code.", ["code"], registry=registry
        )
        self.predictions = Counter(
            "longhaul_rows", "Rows predicted.", ["model", "version"], registry=registry
        )
        self.seconds = Histogram(
            "longhaul_request_seconds",
            "From the end of the request's body to the answer, of /invocations.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.fallbacks = Counter(
            "longhaul_long_way", "Requests that MLflow's own parsing read.", registry=registry
        )
        self.unrecorded_rows = Counter(
            "longhaul_unrecorded_rows",
            "Rows answered that are not in the prediction log.",
            registry=registry,
        )
        self.unread_values = Counter(
            "longhaul_unread_values",
            "Values that could not be read, and were taken for missing.",
            registry=registry,
        )
        self.swaps = Counter("longhaul_swaps", "Models swapped, in all workers.", registry=registry)
        self.rejected_versions = Counter(
            "longhaul_refused_versions", "Versions that were not put in service.", registry=registry
        )
        self.version = Gauge(
            "longhaul_model_version",
            "Workers that serve a version.",
            ["model", "version"],
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.correction = Gauge(
            "longhaul_correction_shift",
            "Newest shift of the log-odds by the version's correction; 0 without one.",
            ["model", "version"],
            multiprocess_mode="livemostrecent",
            registry=registry,
        )
        self.compaction_lag = Gauge(
            "longhaul_record_lag_seconds",
            "Age of the oldest row in a write-ahead log.",
            multiprocess_mode="livemax",
            registry=registry,
        )
        self.unshipped_files = Gauge(
            "longhaul_unshipped_files",
            "Sealed files of the prediction log that are not in its remote folder yet.",
            multiprocess_mode="livemax",
            registry=registry,
        )
        self.shadow_rows = Counter(
            "longhaul_shadow_rows", "Rows predicted by the shadow.", ["version"], registry=registry
        )
        self.shadow_failures = Counter(
            "longhaul_shadow_failures",
            "Files that the shadow could not predict.",
            registry=registry,
        )


def exposition() -> bytes:
    """Return the figures of all processes in Prometheus' text format."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry)


def counter_total(name: str) -> int:
    """Return a counter, added up over all processes and labels."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    samples = [sample for metric in registry.collect() for sample in metric.samples]
    return int(sum(sample.value for sample in samples if sample.name == f"{name}_total"))


def remove_dead_processes() -> None:
    """Remove the gauges of processes that have died."""
    for file in Path(os.environ[_FOLDER]).glob("gauge_live*_*.db"):
        process = int(file.stem.rpartition("_")[2])
        if not psutil.pid_exists(process):
            multiprocess.mark_process_dead(process)
