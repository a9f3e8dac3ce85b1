"""Confidence intervals over clusters: rows of one day, or of one customer, share their fate.

Each interval is a delete-one-cluster jackknife with t quantiles of the number of clusters minus one
(Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 11; Cameron and Miller 2015, A
practitioner's guide to cluster-robust inference, Journal of Human Resources 50). It needs no random
numbers, and rows of a cluster may depend on each other in any way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.stats import t

from longhaul.data import clusters as unit
from longhaul.evaluation.calibration_error import Gaps, gaps
from longhaul.tasks import Task

# Where a metric cannot lie, its interval need not reach.
BOUNDS = {
    "auc": (0.0, 1.0),
    "average_precision": (0.0, 1.0),
    "accuracy": (0.0, 1.0),
    "balanced_accuracy": (0.0, 1.0),
    "calibration_error": (0.0, 1.0),
    "log_loss": (0.0, np.inf),
    "brier": (0.0, np.inf),
    "cost": (0.0, np.inf),
    "rmse": (0.0, np.inf),
    "mae": (0.0, np.inf),
    "r2": (-np.inf, 1.0),
}
_ANYWHERE = (-np.inf, np.inf)


@dataclass(frozen=True)
class Interval:
    """A metric with its confidence bounds.

    All three are NaN where the metric is undefined; the bounds alone where there are too few
    clusters.
    """

    value: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


def jackknife(
    name: str, value: float, without: np.ndarray, confidence: float, clusters: int | None = None
) -> Interval:
    """Compute the interval of a metric from its values without each of the clusters.

    Parameters
    ----------
    name : str
        Of the metric; some have bounds that the interval does not cross.
    value : float
        Of all rows.
    without : ndarray of float, shape (k,)
        The metric of all rows but those of each of k clusters.
    confidence : float
        Such as 0.95, with half of the rest on either side.
    clusters : int, optional
        How many hold rows that the metric depends on; k if not given.

    Returns
    -------
    Interval
        With NaN bounds for fewer than `longhaul.data.clusters.MIN_CLUSTERS` clusters.
    """
    k = len(without) if clusters is None else clusters
    if not unit.enough(k) or not np.isfinite(value) or not np.isfinite(without).all():
        return Interval(float(value), np.nan, np.nan)
    error = np.sqrt((k - 1) / k * ((without - without.mean()) ** 2).sum())
    margin = float(t.isf((1 - confidence) / 2, k - 1) * error)
    low, high = BOUNDS.get(name, _ANYWHERE)
    return Interval(float(value), float(max(value - margin, low)), float(min(value + margin, high)))


def intervals(
    task: Task, outcome: np.ndarray, scores: np.ndarray, clusters: np.ndarray, confidence: float
) -> dict[str, Interval]:
    """Compute the interval of every metric of some rows.

    The calibration error is that without the bias of small samples, see
    `longhaul.evaluation.calibration_error`.

    Parameters
    ----------
    task : Task
    outcome, scores : ndarray
        Of n rows, see `longhaul.tasks.Task`.
    clusters : ndarray of str, shape (n,)
        See `longhaul.data.clusters.of`.
    confidence : float

    Returns
    -------
    dict of str to Interval
        With the keys of the task's `measure`.
    """
    metrics = task.measure(outcome, scores)
    names, code = np.unique(clusters, return_inverse=True)
    # metrics sort by score, which is fast on sorted rows
    order = np.argsort(scores if scores.ndim == 1 else scores.max(axis=1), kind="stable")
    outcome, scores, code = outcome[order], scores[order], code[order]
    measured = [
        task.measure(outcome[code != place], scores[code != place])
        for place in (range(len(names)) if unit.enough(len(names)) else ())
    ]
    without = {name: np.array([part[name] for part in measured], dtype=float) for name in metrics}
    computed = {
        name: jackknife(name, value, without[name], confidence) for name, value in metrics.items()
    }
    if "calibration_error" in metrics and len(outcome):
        computed["calibration_error"] = _calibration(task, outcome, scores, code, confidence)
    return computed


def _calibration(
    task: Task, outcome: np.ndarray, scores: np.ndarray, code: np.ndarray, confidence: float
) -> Interval:
    """Compute the debiased calibration error of the decided class, with its interval."""
    if scores.ndim == 2:
        right, sure = scores.argmax(axis=1) == outcome, scores.max(axis=1)
    else:
        right, sure = outcome, scores
    return debiased_interval(gaps(right, sure, code), confidence)


def debiased_interval(by_cluster: Gaps, confidence: float) -> Interval:
    """Compute the debiased calibration error with its interval."""
    without = [by_cluster.without(place).error for place in range(by_cluster.clusters)]
    return jackknife("calibration_error", by_cluster.error, np.array(without), confidence)


@dataclass(frozen=True)
class PairedGains:
    """Gains of a candidate over a champion on the same rows, by cluster; gains add up.

    Attributes
    ----------
    clusters : mapping of str to (rows, gain)
        By cluster: its rows, and the sum of the loss that the candidate saves on them.
    """

    clusters: Mapping[str, tuple[int, float]]

    @classmethod
    def of(cls, gain: np.ndarray, clusters: np.ndarray) -> Self:
        """Sum up gains of n rows by cluster."""
        return cls.of_sums(gain, np.ones(len(gain)), clusters)

    @classmethod
    def of_sums(cls, gain: np.ndarray, rows: np.ndarray, clusters: np.ndarray) -> Self:
        """Sum up gains that are sums over some rows already, by cluster."""
        names, code = np.unique(clusters.astype(str), return_inverse=True)
        counts = np.bincount(code, rows).astype(int)
        pairs = zip(counts.tolist(), np.bincount(code, gain).tolist(), strict=True)
        return cls(dict(zip(names.tolist(), pairs, strict=True)))

    def __add__(self, other: "PairedGains") -> "PairedGains":
        total = dict(self.clusters)
        for name, (rows, gain) in other.clusters.items():
            before = total.get(name, (0, 0.0))
            total[name] = (before[0] + rows, before[1] + gain)
        return PairedGains(total)

    def interval(self, confidence: float) -> Interval:
        """Compute the mean gain of a row with its interval; NaN without rows."""
        rows, gains = np.array(list(self.clusters.values()), dtype=float).reshape(-1, 2).T
        if not rows.sum():
            return Interval(np.nan, np.nan, np.nan)
        value = gains.sum() / rows.sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            without = (gains.sum() - gains) / (rows.sum() - rows)
        return jackknife("gain", float(value), without, confidence)

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return {name: list(pair) for name, pair in self.clusters.items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Restore gains from `to_dict`."""
        return cls({name: (int(rows), float(gain)) for name, (rows, gain) in record.items()})


def improvement(
    task: Task,
    outcome: np.ndarray,
    champion: np.ndarray,
    candidate: np.ndarray,
    clusters: np.ndarray,
) -> PairedGains:
    """Sum up the candidate's reduction of the champion's loss on the same rows.

    Difficulty that both models share cancels out.

    Parameters
    ----------
    task : Task
    outcome : ndarray, shape (n,)
    champion, candidate : ndarray
        Their scores of n rows.
    clusters : ndarray of str, shape (n,)

    Returns
    -------
    PairedGains
        Of the log loss in nats, or of the squared error; above zero where the candidate is better.
    """
    gain = task.losses(outcome, champion) - task.losses(outcome, candidate)
    return PairedGains.of(gain, clusters)


Statistic = Callable[[np.ndarray], Mapping[str, np.ndarray]]


def of_counts(statistic: Statistic, counts: np.ndarray, confidence: float) -> dict[str, Interval]:
    """Compute intervals of metrics that are functions of counts.

    Parameters
    ----------
    statistic : callable
        Takes counts of shape (r, ...), returns by metric its r values.
    counts : ndarray, shape (k, ...)
        Of each of k clusters.
    confidence : float
    """
    total = counts.sum(axis=0)
    values = statistic(total[np.newaxis])
    if not unit.enough(len(counts)):
        return {name: Interval(float(v[0]), np.nan, np.nan) for name, v in values.items()}
    without = statistic(total - counts)
    return {
        name: jackknife(name, float(v[0]), without[name], confidence) for name, v in values.items()
    }
