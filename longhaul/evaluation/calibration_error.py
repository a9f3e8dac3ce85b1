"""Calibration error without the bias of small samples.

Between a bin's mean probability and its share of positives lies chance as well as miscalibration,
and absolute values do not let it cancel out: a calibrated model of 500 rows seems to be off by .05.
Here the part that chance adds is estimated from the variance between clusters, and taken off.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from longhaul.data.clusters import MIN_CLUSTERS
from longhaul.tasks.metrics import calibration_bins

BINS = 10


@dataclass(frozen=True)
class Gaps:
    """Distances of predicted from observed positives, by cluster and bin of probability.

    Attributes
    ----------
    gaps : ndarray of float, shape (k, b)
        Sum of probability minus outcome.
    rows : ndarray of float, shape (k, b)
    """

    gaps: np.ndarray
    rows: np.ndarray

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return len(self.rows)

    def without(self, cluster: int) -> "Gaps":
        """Leave out one cluster."""
        return Gaps(np.delete(self.gaps, cluster, 0), np.delete(self.rows, cluster, 0))

    @property
    def error(self) -> float:
        """Mean distance over the bins, weighted by rows, less what chance adds to it.

        Of a bin whose distance is m with the standard error s, chance adds the mean of a folded
        normal around mu beyond mu (Leone, Nelson and Nottingham 1961, Technometrics 3), where mu²
        is estimated by m² - s² as in the debiased estimator of Kumar, Liang and Ma (2019, Verified
        uncertainty calibration).
        """
        k, total = len(self.rows), self.rows.sum()
        if not total:
            return float("nan")
        sums, rows = self.gaps.sum(axis=0), self.rows.sum(axis=0)
        distance = np.abs(sums) / total
        if k < MIN_CLUSTERS:
            return float(distance.sum())
        residual = self.gaps - self.rows * (sums / np.maximum(rows, 1))
        error = np.sqrt(k / (k - 1) * (residual**2).sum(axis=0)) / total
        likely = np.sqrt(np.maximum(distance**2 - error**2, 0))
        return float(max((distance - (_folded(likely, error) - likely)).sum(), 0.0))


def gaps(outcome: np.ndarray, probability: np.ndarray, code: np.ndarray) -> Gaps:
    """Sum up distances by cluster, over bins of equal mass; equal probabilities share a bin.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    probability : ndarray of float, shape (n,)
    code : ndarray of int, shape (n,)
        The cluster of each row.
    """
    values = np.sort(probability, kind="stable")
    bins = min(BINS, calibration_bins(len(values)))
    cuts = np.unique(values[np.linspace(0, len(values), bins + 1).astype(int)[1:-1]])
    place = np.searchsorted(cuts, probability, side="right")
    shape = (int(code.max()) + 1, len(cuts) + 1)
    cell, size = code * shape[1] + place, shape[0] * shape[1]
    return Gaps(
        np.bincount(cell, probability - outcome, size).reshape(shape),
        np.bincount(cell, minlength=size).reshape(shape).astype(float),
    )


def _folded(mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Compute the mean of the absolute value of a normal variate."""
    spread = np.maximum(error, np.finfo(float).tiny)
    density = np.sqrt(2 / np.pi) * np.exp(-(mean**2) / (2 * spread**2))
    return np.asarray(spread * density + mean * (1 - 2 * norm.cdf(-mean / spread)))
