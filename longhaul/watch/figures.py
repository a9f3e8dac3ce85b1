"""Figures for Prometheus: of the newest period, and of the watch itself."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from longhaul.data import periods
from longhaul.monitoring.decision import LEVELS
from longhaul.monitoring.evidence import ServiceLosses

PREFIX = "longhaul_watch_"
# Name, help and labels of each gauge; all have the model as their first label.
_GAUGES = {
    "period_end_seconds": ("End of the newest judged period.", ["version", "period"]),
    "level": ("Its decision: 0 is ok, 1 watch, 2 act.", []),
    "rows": ("Its rows.", []),
    "labelled_rows": ("Rows with an outcome, of the newest period with outcomes.", []),
    "realized_rows": ("All rows of the newest period with outcomes.", []),
    "lost": ("What the service could not read or record in it.", ["cause"]),
    "drift_ratio": ("Drift of a column in it, as a multiple of the limit.", ["column"]),
    "importance": ("Importance of a column's feature to the model, as a share.", ["column"]),
    "expected": ("Its figures, expected without outcomes.", ["figure", "bound"]),
    "realized": ("Figures of the newest period with outcomes.", ["figure", "bound"]),
    "realized_expected": ("The same period's, expected without outcomes.", ["figure", "bound"]),
    "correction_shift": ("The newest shift of the log-odds.", ["version"]),
    "newest_row_seconds": ("When the newest row was asked about, since 1970.", []),
    "newest_outcome_seconds": ("When the watch saw new outcomes last, since 1970.", []),
    "looked_seconds": ("When the watch looked last, since 1970.", []),
    "failing_periods": ("Periods whose cycle fails.", []),
}

_OF_PERIOD = (
    "period_end_seconds",
    "drift_ratio",
    "importance",
    "expected",
    "labelled_rows",
    "realized_rows",
    "realized",
    "realized_expected",
)


class WatchFigures:
    """Gauges and counters of the watch over one model, in a registry of their own.

    Parameters
    ----------
    model : str
        The registered model's name.
    """

    def __init__(self, model: str):
        self._model, self._registry = model, CollectorRegistry()
        self._gauges = {
            name: Gauge(PREFIX + name, text, ["model", *labels], registry=self._registry)
            for name, (text, labels) in _GAUGES.items()
        }
        self._cycles = Counter(
            f"{PREFIX}cycles",
            "Cycles run, by result.",
            ["model", "result"],
            registry=self._registry,
        )

    def set(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        self._gauges[name].labels(self._model, *labels).set(value)

    def count_cycle(self, result: str) -> None:
        """Count a cycle: ``finished`` or ``failed``."""
        self._cycles.labels(self._model, result).inc()

    def show(self, assessment: Mapping[str, Any], version: str, losses: ServiceLosses) -> None:
        """Show the figures of a period instead of those before.

        Parameters
        ----------
        assessment : mapping
            From `longhaul.monitoring.serialisation.to_dict`.
        version : str
            The one in charge of the period.
        losses : ServiceLosses
        """
        for name in _OF_PERIOD:
            self._gauges[name].clear()
        period, truths = assessment["period"], assessment["truths"]
        self.set("period_end_seconds", periods.end(period).timestamp(), version, period)
        self.set("level", LEVELS.index(assessment["decision"]["level"]))
        self.set("rows", assessment["rows"])
        for cause, count in asdict(losses).items():
            self.set("lost", count, cause)
        self._show_drift(assessment["drift"])
        self._show_figures("expected", assessment["expected"])
        if truths:
            self._show_realized(truths[-1])

    def exposition(self) -> bytes:
        """Return all figures in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _show_drift(self, drift: Mapping[str, Any] | None) -> None:
        """Show the largest multiple of its limit that a measure of a column reaches."""
        if drift is None:
            return
        for column in [*drift["columns"], drift["predictions"], drift["volume"]]:
            multiples = [
                measure["value"] / measure["limit"]
                for measure in column["measures"]
                if measure["value"] is not None and measure["limit"]
            ]
            if multiples:
                self.set("drift_ratio", max(multiples), column["name"])
            self.set("importance", column["importance"], column["name"])

    def _show_realized(self, truth: Mapping[str, Any]) -> None:
        self.set("labelled_rows", truth["labelled"])
        self.set("realized_rows", truth["rows"])
        self._show_figures("realized", truth["realized"])
        self._show_figures("realized_expected", truth["expected"])

    def _show_figures(self, name: str, figures: Mapping[str, Mapping[str, float | None]]) -> None:
        for figure, interval in figures.items():
            for bound, value in interval.items():
                if value is not None:
                    self.set(name, value, figure, bound)
