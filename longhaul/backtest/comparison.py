"""Paired comparison of policies over the same periods."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from longhaul.backtest.days import Days
from longhaul.backtest.results import PolicyResult
from longhaul.evaluation.intervals import Interval, jackknife

METRICS = ("log_loss", "auc", "cost")


@dataclass(frozen=True)
class Estimate:
    """A metric, with its values without each of the days.

    Attributes
    ----------
    value : float
    without : ndarray of float, shape (d,)
    """

    value: float
    without: np.ndarray


def compare(
    results: Sequence[PolicyResult], confidence: float
) -> list[dict[str, tuple[Interval, Interval]]]:
    """Compute the metrics of each policy, and their differences from the first policy.

    Rows of one day share their weather, so that intervals from rows would be too narrow: the
    interval is a jackknife over days, of all policies the same ones; see
    `longhaul.evaluation.intervals`.

    Returns
    -------
    list of dict of str to (Interval, Interval)
        By policy, then by metric: the metric itself, and its difference from the first policy's.
    """
    estimates = [estimate(result.days) for result in results]
    return [
        {
            name: (
                jackknife(name, values[name].value, values[name].without, confidence),
                difference(values[name], estimates[0][name], confidence),
            )
            for name in METRICS
        }
        for values in estimates
    ]


def difference(policy: Estimate, first: Estimate, confidence: float) -> Interval:
    """Compute the difference of two estimates from the same days, with its interval."""
    without = policy.without - first.without
    return jackknife("difference", policy.value - first.value, without, confidence)


def estimate(periods: Sequence[Days]) -> dict[str, Estimate]:
    """Compute the metrics over all periods, and without each of the days.

    The AUC is the mean of the periods', weighted by rows, since several models' scores have no
    common scale; periods with one outcome only do not count.
    """
    rows, losses, costs = (
        np.concatenate([getattr(days, name) for days in periods])
        for name in ("rows", "losses", "costs")
    )
    return {
        "log_loss": _mean(losses, rows),
        "auc": _mean_auc(periods),
        "cost": _mean(costs, rows),
    }


def _mean(sums: np.ndarray, rows: np.ndarray) -> Estimate:
    with np.errstate(divide="ignore", invalid="ignore"):
        without = (sums.sum() - sums) / (rows.sum() - rows)
    return Estimate(float(sums.sum() / rows.sum()), without)


def _mean_auc(periods: Sequence[Days]) -> Estimate:
    """Average the AUC of periods."""
    rows = np.array([days.rows.sum() for days in periods])
    aucs = [days.auc() for days in periods]
    values = np.array([value for value, _ in aucs])
    total, weight = np.nansum(values * rows), rows[np.isfinite(values)].sum()
    without = []
    for days, (value, left), count in zip(periods, aucs, rows, strict=True):
        rest, rest_weight = total, weight
        if np.isfinite(value):
            rest, rest_weight = total - value * count, weight - count
        kept = np.where(np.isfinite(left), count - days.rows, 0.0)
        part = np.where(np.isfinite(left), left, 0.0) * kept
        with np.errstate(divide="ignore", invalid="ignore"):
            without.append((rest + part) / (rest_weight + kept))
    with np.errstate(divide="ignore", invalid="ignore"):
        return Estimate(float(np.float64(total) / weight), np.concatenate(without))
