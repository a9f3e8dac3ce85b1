"""Variance of sums over outcomes that are predicted by calibrated probabilities.

By the delta method, a metric moves with outcomes as a weighted sum of positives does. What such a
sum may differ from its expectation by has three parts: the outcomes of single rows that are left to
chance, the level of each cluster, which moves all its outcomes together, and the error of the
calibration, which moves those of all clusters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from longhaul.evaluation.calibration import Calibration
from longhaul.evaluation.intervals import BOUNDS, Interval


@dataclass(frozen=True)
class Variance:
    """Variance of q weighted sums of positives; arrays of shape (q,).

    Attributes
    ----------
    chance : ndarray
        Of outcomes, given the level of their cluster.
    level : ndarray
        Of the levels of clusters.
    calibration : ndarray
        Of the calibration's coefficients.
    degrees : float
        Degrees of freedom that the latter two were estimated with.
    """

    chance: np.ndarray
    level: np.ndarray
    calibration: np.ndarray
    degrees: float

    def margins(self, confidence: float) -> np.ndarray:
        """Return half the widths of intervals."""
        parts = [(self.chance, np.inf), (self.level + self.calibration, self.degrees)]
        return margins(parts, confidence)


def margins(parts: Sequence[tuple[np.ndarray, float]], confidence: float) -> np.ndarray:
    """Return half the widths of intervals, of variances that add up.

    The degrees of freedom of their sum are Satterthwaite's (1946, An approximate distribution of
    estimates of variance components, Biometrics Bulletin 2).

    Parameters
    ----------
    parts : sequence of (variance, degrees of freedom)
    confidence : float
    """
    total = np.asarray(sum(variance for variance, _ in parts))
    squares = np.asarray(sum(variance**2 / degrees for variance, degrees in parts))
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = np.where(squares > 0, total**2 / squares, np.inf)
    return np.asarray(t.isf((1 - confidence) / 2, degrees) * np.sqrt(total))


def of_sums(
    calibration: Calibration, probability: np.ndarray, rows: np.ndarray, weights: np.ndarray
) -> Variance:
    """Compute the variance of weighted sums of positives around their expectation.

    Parameters
    ----------
    calibration : Calibration
    probability : ndarray of float, shape (m,)
        Of m cells.
    rows : ndarray, shape (k, m)
        Of k clusters in each cell.
    weights : ndarray of float, shape (q, m)
        What a positive in a cell counts for, in each of q sums.
    """
    total, chance = rows.sum(axis=0), calibration.apply(probability)
    chances, shares = calibration.at_levels(probability)
    drawn = weights**2 @ (total * (shares @ (chances * (1 - chances))))
    level = np.zeros(len(weights))
    for at, share in zip(chances - chance, shares, strict=True):
        level += share * ((rows @ (weights * at).T) ** 2).sum(axis=0)
    slopes = (weights * total * chance * (1 - chance)) @ calibration.design(probability)
    errors = np.einsum("qi,ij,qj->q", slopes, np.array(calibration.covariance), slopes)
    return Variance(drawn, level, errors, calibration.degrees)


def bounded(name: str, value: float, margin: float) -> Interval:
    """Return an interval that stays where the metric can lie."""
    low, high = BOUNDS.get(name, (-np.inf, np.inf))
    return Interval(
        float(value),
        float(np.maximum(value - margin, low)),
        float(np.minimum(value + margin, high)),
    )
