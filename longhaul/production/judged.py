"""Figures that a version was judged by, which later periods are compared with."""

from collections.abc import Mapping
from typing import Any

from longhaul.evaluation.intervals import Interval
from longhaul.model.package import Package
from longhaul.monitoring.performance import Figures
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


def _interval(stored: Mapping[str, Any]) -> Interval:
    """Restore an interval; null stands for what was not finite."""
    bounds = (stored.get(name) for name in ("value", "low", "high"))
    return Interval(*(float("nan") if bound is None else float(bound) for bound in bounds))
