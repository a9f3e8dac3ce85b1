"""Results of a backtest as rows, one per policy."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from longhaul.backtest.comparison import compare
from longhaul.backtest.policies import PolicyResult

_COUNTS = ("trained", "promoted", "seconds")


def policy_rows(
    results: Sequence[PolicyResult], confidence: float, seed: int
) -> list[dict[str, Any]]:
    """Collect the counts of each policy, its metrics and their differences from the first policy.

    Parameters
    ----------
    results : sequence of PolicyResult
        Over the same periods.
    confidence : float
        Of the intervals.
    seed : int
        Of the bootstrap.
    """
    compared = compare(results, confidence, seed)
    rows = []
    for result in results:
        row: dict[str, Any] = {
            "policy": result.policy.name,
            "trained": sum(period.trained for period in result.periods),
            "promoted": sum(period.promoted for period in result.periods),
            "seconds": result.seconds,
            "months": [asdict(period) for period in result.periods],
        }
        for name, (value, difference) in compared[result.policy.name].items():
            row[name], row[f"{name}_difference"] = asdict(value), asdict(difference)
        rows.append(row)
    return rows


def name_metrics(row: dict[str, Any], names: Iterable[str]) -> dict[str, float]:
    """Return the metrics and counts of a policy's row, named ``policy/metric``."""
    policy = row["policy"].replace(",", "").replace(" ", "_")
    values = {name: row[name]["value"] for name in names}
    values |= {name: float(row[name]) for name in _COUNTS}
    return {f"{policy}/{name}": value for name, value in values.items()}


def summarize(rows: Sequence[dict[str, Any]]) -> str:
    """Return the headline: the policy with the lowest log loss, and how much it gains."""
    best = min(rows, key=lambda row: row["log_loss"]["value"])
    gain = best["log_loss_difference"]
    return (
        f"{best['policy']} is best: log loss {best['log_loss']['value']:.4f},"
        f" {gain['value']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}] against never,"
        f" for {best['trained']} trainings"
    )
