"""Results of a backtest as rows, one per policy and label lag."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from longhaul.backtest.comparison import METRICS, compare
from longhaul.backtest.results import PolicyResult
from longhaul.evaluation.intervals import Interval

PER = 1000  # rows that savings are told for
_COUNTS = ("trained", "looked", "promoted", "corrected", "seconds")


def policy_rows(results: Sequence[PolicyResult], confidence: float) -> list[dict[str, Any]]:
    """Collect counts, metrics, differences from the first policy, and savings in declared costs.

    Parameters
    ----------
    results : sequence of PolicyResult
        Over the same periods, with the same label lag.
    confidence : float
        Of the intervals.
    """
    rows = []
    for result, compared in zip(results, compare(results, confidence), strict=True):
        row: dict[str, Any] = {
            "policy": result.policy.name,
            "lag": result.lag,
            "trained": sum(period.trained for period in result.periods),
            "looked": sum(period.looked for period in result.periods),
            "promoted": sum(period.promoted for period in result.periods),
            "corrected": sum(period.corrected for period in result.periods),
            "days": sum(len(days.rows) for days in result.days),
            "rows": int(sum(days.rows.sum() for days in result.days)),
            "seconds": result.seconds,
            "months": [asdict(period) for period in result.periods],
        }
        for name, (value, difference) in compared.items():
            row[name], row[f"{name}_difference"] = asdict(value), asdict(difference)
        _, cost = compared["cost"]
        row["saving"] = asdict(_saving(cost, PER))
        row["total_saving"] = asdict(_saving(cost, row["rows"]))
        rows.append(row)
    return rows


def _saving(difference: Interval, rows: int) -> Interval:
    """Convert a difference of costs to what so many rows cost less."""
    value, low, high = difference.value, difference.low, difference.high
    return Interval(-value * rows + 0.0, -high * rows + 0.0, -low * rows + 0.0)


def name_metrics(row: dict[str, Any]) -> dict[str, float]:
    """Return the metrics and counts of a row, named ``policy/lag/metric``."""
    policy = row["policy"].replace(",", "").replace(" ", "_")
    values = {name: row[name]["value"] for name in (*METRICS, "saving")}
    values |= {name: float(row[name]) for name in _COUNTS}
    return {f"{policy}/{row['lag'].replace(' ', '_')}/{name}": v for name, v in values.items()}
