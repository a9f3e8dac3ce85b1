"""Estimate of mean losses without outcomes, from losses that are expected row by row.

Expected losses are those of a model's own probabilities, or of a second model that has learned how
far the first one is off (direct loss estimation; the name is NannyML's). They are stretched so that
they are right on average on rows that the model was judged on. What realized losses differ from
them by there has a part of each row and a part that the rows of a cluster share, which are told
apart as in a one-way analysis of variance (Searle, Casella and McCulloch 1992, Variance Components,
section 3.6).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from longhaul.data.clusters import MIN_CLUSTERS
from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.loss_sums import LossSums
from longhaul.monitoring.uncertainty import bounded, margins


@dataclass(frozen=True)
class LossEstimate:
    """Estimates of q mean losses.

    Attributes
    ----------
    values : ndarray of float, shape (q,)
    chance : ndarray of float, shape (q, q)
        Covariance of what single rows differ by.
    shared : ndarray of float, shape (q, q)
        Covariance of what clusters differ by, and of the error of the stretching.
    clusters : int
        That the losses were stretched by.
    """

    values: np.ndarray
    chance: np.ndarray
    shared: np.ndarray
    clusters: int

    @classmethod
    def of(cls, period: Sequence[LossSums], judged: Sequence[LossSums]) -> Self | None:
        """Estimate the mean losses of a period.

        Parameters
        ----------
        period, judged : sequence of LossSums
            By cluster: of the period, and of rows with known outcomes.

        Returns
        -------
        LossEstimate or None
            None where there are no rows, or no losses were expected of them.
        """
        with_outcomes = [part for part in judged if part.labelled]
        if not with_outcomes or not period:
            return None
        if not len(period[0].expected) or not len(with_outcomes[0].expected):
            return None
        total = np.sum([part.expected for part in period], axis=0)
        size = np.array([part.rows for part in period], dtype=float)
        labelled = np.array([part.labelled for part in with_outcomes], dtype=float)
        realized = np.stack([part.realized for part in with_outcomes])
        expected = np.stack([part.sums for part in with_outcomes])[:, realized.shape[1] :]
        if not size.sum() or not (expected.sum(axis=0) > 0).all():
            return None
        ratio = realized.sum(axis=0) / expected.sum(axis=0)
        residual = realized - ratio * expected
        products = np.sum([part.products for part in with_outcomes], axis=0)
        row, between = _components(residual, labelled, _squares(products, ratio))
        # losses that are expected to be larger vary more
        mean = total / size.sum()
        growth = mean / (expected.sum(axis=0) / labelled.sum())
        k, scale = len(with_outcomes), np.outer(growth, growth)
        stretching = k / max(k - 1, 1) * residual.T @ residual / labelled.sum() ** 2
        clusters = between * (size**2).sum() / size.sum() ** 2
        return cls(ratio * mean, scale * row / size.sum(), scale * (clusters + stretching), k)

    def interval(self, name: str, value: float, slopes: np.ndarray, confidence: float) -> Interval:
        """Return the interval of a metric, a smooth function of the losses.

        Parameters
        ----------
        name : str
            Of the metric, see `longhaul.evaluation.intervals.BOUNDS`.
        value : float
        slopes : ndarray of float, shape (q,)
            Its derivatives by each loss.
        confidence : float

        Returns
        -------
        Interval
            With NaN bounds where there were too few clusters.
        """
        if self.clusters < MIN_CLUSTERS:
            return Interval(value, np.nan, np.nan)
        variances = (slopes @ part @ slopes for part in (self.chance, self.shared))
        parts = list(zip(variances, (np.inf, self.clusters - 1), strict=True))
        return bounded(name, value, float(margins(parts, confidence)))


def _squares(products: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Sum up the products of what rows differ from their stretched expectation by."""
    contrast = np.hstack([np.eye(len(ratio)), -np.diag(ratio)])
    return np.asarray(contrast @ products @ contrast.T)


def _components(
    residual: np.ndarray, labelled: np.ndarray, squares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the covariances of rows within clusters, and between clusters."""
    k, n = len(labelled), labelled.sum()
    among = (residual / labelled[:, np.newaxis]).T @ residual
    row = (squares - among) / max(n - k, 1)
    if k < 2:
        return row, np.zeros_like(row)
    common = (n - (labelled**2).sum() / n) / (k - 1)
    return row, _nearest((among / (k - 1) - row) / common)


def _nearest(covariance: np.ndarray) -> np.ndarray:
    """Return the nearest covariance: negative variances become 0."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.maximum(values, 0)) @ vectors.T)
