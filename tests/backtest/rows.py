"""Rows of a backtest, for pages and pictures."""

from typing import Any


def row(policy: str, value: float, low: float, high: float) -> dict[str, Any]:
    """A policy that saves so much per 1,000 of its 20,000 rows."""
    bounds = {"value": value, "low": low, "high": high}
    difference = {"value": -value / 1000, "low": -high / 1000, "high": -low / 1000}
    month = {
        "period": "2020-07",
        "model": "start",
        "level": "act",
        "action": "recalibrate",
        "corrected": 5,
        "trained": True,
        "promoted": False,
        "looked": False,
        "waits": False,
    }
    return {
        "policy": policy,
        "lag": "1 day",
        **{"trained": 1, "looked": 0, "promoted": 0, "corrected": 5, "days": 31, "rows": 20_000},
        "seconds": 3.0,
        "months": [month],
        **{name: {"value": 0.5, "low": 0.4, "high": 0.6} for name in ("log_loss", "auc", "cost")},
        **{f"{name}_difference": difference for name in ("log_loss", "auc", "cost")},
        "saving": bounds,
        "total_saving": {name: 20 * bound for name, bound in bounds.items()},
    }


NOTHING = row("nothing", 0, 0, 0)
HELPS = row("recalibrate", 23.6, 13.2, 34.1)
UNSURE = row("retrain", 40.0, -5.0, 85.0)
COSTS = row("drift", -8.0, -12.0, -4.0)
