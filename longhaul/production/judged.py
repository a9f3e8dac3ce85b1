"""Figures and counts that a version was judged by, which later periods are compared with."""

from collections.abc import Mapping
from typing import Any

from longhaul.errors import LonghaulError
from longhaul.evaluation.intervals import Interval
from longhaul.model.package import Package
from longhaul.monitoring.cluster_counts import CLUSTERS, ClusterCounts, read
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.scored import Scored
from longhaul.registry import versions
from longhaul.tracking import artifacts
from longhaul.tracking.tags import VERDICT


def figures(name: str, number: str, package: Package) -> Figures:
    """Return the figures of the window that a version was judged on, with their intervals.

    A version that was registered without a verdict is held to its figures on validation, which
    have no interval.

    Parameters
    ----------
    name, number : str
        The registered model and its version.
    package : Package
        Of that version.
    """
    verdict = versions.version(name, number).tags.get(VERDICT)
    if verdict is None:
        missing = float("nan")
        return {
            metric: Interval(value, missing, missing)
            for metric, value in package.valid_metrics().items()
        }
    metrics = artifacts.read_json(verdict)["metrics"]
    return {metric: _interval(stored) for metric, stored in metrics.items()}


def counts(name: str, number: str) -> ClusterCounts[Scored] | None:
    """Return the counts of the window that a version was judged on; None where none are kept.

    They stand beside its verdict, where `longhaul.monitoring.cluster_counts.write` put them.
    """
    verdict = versions.version(name, number).tags.get(VERDICT)
    return None if verdict is None else read_counts(verdict.rpartition("/")[0])


def read_counts(folder: str) -> ClusterCounts[Scored] | None:
    """Read the counts by cluster among the artifacts at a URI; None where there are none."""
    try:
        path = artifacts.fetch(f"{folder}/{CLUSTERS}")
    except LonghaulError:
        return None
    return read(path)


def _interval(stored: Mapping[str, Any]) -> Interval:
    """Restore an interval; null stands for what was not finite."""
    bounds = (stored.get(name) for name in ("value", "low", "high"))
    return Interval(*(float("nan") if bound is None else float(bound) for bound in bounds))
