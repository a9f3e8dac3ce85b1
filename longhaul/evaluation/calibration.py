"""Calibration of a model's probabilities, learned on rows that it had not seen."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from longhaul.data.clusters import MIN_CLUSTERS

KNOTS = (0.05, 0.35, 0.65, 0.95)  # quantiles of the log-odds, as Harrell recommends for four
BEND_ROWS = 200  # of the rarer outcome; with fewer, the relation is a straight line
MAX_LEVEL_VARIANCE = 9.0
_NO_PENALTY = 1e6
_NEARLY_SURE = 1e-9  # the log-odds of a certainty are infinite
_STEP = 0.01
_ATTENUATION = (16 * np.sqrt(3) / (15 * np.pi)) ** 2  # of a logistic by a normal effect
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)


@dataclass(frozen=True)
class Calibration:
    """Smooth map from the log-odds of predictions to the log-odds of outcomes.

    Logistic recalibration (Cox 1958, Two further applications of a model for binary regression,
    Biometrika 45; Platt 1999), by a straight line, or by a natural cubic spline with four knots
    where there are rows enough to see a bend (Harrell 2001, Regression Modeling Strategies, section
    2.4). Its covariance is robust to rows of a cluster that share their fate (Liang and Zeger 1986,
    Longitudinal data analysis using generalized linear models, Biometrika 73; with the factor CR1).

    Attributes
    ----------
    intercept, slope : float
        0 and 1 where predictions were calibrated.
    covariance : tuple of tuple of float, p by p
        Of intercept, slope and bends; zeros where nothing was estimated.
    level_variance : float
        Between clusters, of the level of the log-odds; 0 where it could not be estimated.
    clusters : int
        That it was learned from; 0 where rows were taken as independent, as in old references.
    knots, bends : tuple of float
        Of the spline, with two bends less than knots; empty for a straight line.
    """

    intercept: float = 0.0
    slope: float = 1.0
    covariance: tuple[tuple[float, ...], ...] = ((0.0, 0.0), (0.0, 0.0))
    level_variance: float = 0.0
    clusters: int = 0
    knots: tuple[float, ...] = ()
    bends: tuple[float, ...] = ()

    @classmethod
    def fit(
        cls,
        outcome: np.ndarray,
        probability: np.ndarray,
        clusters: np.ndarray | None = None,
        bent: bool = True,
    ) -> Self:
        """Fit a calibration to predictions of rows that the model had not seen.

        Parameters
        ----------
        outcome : ndarray of bool, shape (n,)
            With one class only, nothing is learned and probabilities stay as they are.
        probability : ndarray of float, shape (n,)
        clusters : ndarray of str, shape (n,), optional
            See `longhaul.data.clusters`; without them, rows are taken as independent.
        bent : bool
            False for a straight line, whatever the rows show.
        """
        return cls.of_cells(CellCounts.of_rows(outcome, probability, clusters), bent)

    @classmethod
    def of_cells(cls, cells: "CellCounts", bent: bool = True) -> Self:
        """Fit a calibration to counts of rows; see `fit`."""
        events = int(cells.positive.sum())
        rarer = min(events, int(cells.rows.sum()) - events)
        if not rarer or np.ptp(cells.odds) == 0:
            return cls()
        knots = cells.quantiles(KNOTS) if bent and rarer >= BEND_ROWS else ()
        if len(set(knots)) < len(knots):
            knots = ()
        coefficients = _fit_logistic(_design(cells.odds, knots), cells)
        intercept, slope, *bends = coefficients.tolist()
        line = cls(intercept, slope, knots=knots, bends=tuple(bends))
        covariance = line._sandwich(cells)
        return cls(
            intercept,
            slope,
            tuple(map(tuple, covariance.tolist())),
            _level_variance(line._predict(cells.odds), cells),
            cells.clusters,
            knots,
            tuple(bends),
        )

    def _sandwich(self, cells: "CellCounts") -> np.ndarray:
        """Estimate the covariance of the coefficients from the scores of clusters."""
        design, chance = _design(cells.odds, self.knots), expit(self._predict(cells.odds))
        information = design.T @ (design * (cells.rows * chance * (1 - chance))[:, np.newaxis])
        bread = np.linalg.pinv(information, hermitian=True)
        residual = cells.positive - cells.rows * chance
        scores = np.stack([cells.sum(residual * column) for column in design.T], axis=1)
        k, n, p = cells.clusters, cells.rows.sum(), design.shape[1]
        if k < 2 or n <= p:
            return bread
        factor = k / (k - 1) * (n - 1) / (n - p)
        return np.asarray(factor * bread @ (scores.T @ scores) @ bread)

    def _predict(self, odds: np.ndarray) -> np.ndarray:
        """Return the log-odds of outcomes."""
        coefficients = np.array([self.intercept, self.slope, *self.bends])
        return np.asarray(_design(odds, self.knots) @ coefficients)

    def apply(self, probability: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities: float of the same shape."""
        return np.asarray(expit(self._predict(log_odds(probability))))

    def design(self, probability: np.ndarray) -> np.ndarray:
        """Return the terms that coefficients belong to: float of shape (n, p)."""
        return _design(log_odds(probability), self.knots)

    def at_levels(self, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the probabilities at levels of a cluster, which average to `apply`.

        Returns
        -------
        chances : ndarray of float, shape (q, n)
        weights : ndarray of float, shape (q,)
            The share of clusters at each of q levels.
        """
        return _at_levels(self._predict(log_odds(probability)), self.level_variance)

    @property
    def degrees(self) -> float:
        """Degrees of freedom of its variances."""
        return self.clusters - 1 if self.clusters else np.inf

    @property
    def is_reliable(self) -> bool:
        """Return whether it was learned from clusters enough to carry an interval."""
        return not self.clusters or self.clusters >= MIN_CLUSTERS

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore a calibration from `to_dict`."""
        tuples = {name: tuple(record.get(name, ())) for name in ("knots", "bends")}
        covariance = tuple(map(tuple, record["covariance"]))
        return cls(**{**record, **tuples, "covariance": covariance})


@dataclass(frozen=True)
class CellCounts:
    """Counts of rows with an outcome, by cluster and cell of log-odds; arrays of shape (m,).

    Attributes
    ----------
    odds : ndarray of float
        Their mean log-odds.
    rows, positive : ndarray of float
    code : ndarray of int
        The cluster.
    clusters : int
        How many there are; 0 where rows are independent.
    """

    odds: np.ndarray
    rows: np.ndarray
    positive: np.ndarray
    code: np.ndarray
    clusters: int

    @classmethod
    def of_rows(
        cls, outcome: np.ndarray, probability: np.ndarray, clusters: np.ndarray | None
    ) -> Self:
        """Count rows in cells of a hundredth of the log-odds."""
        count, code = 0, np.zeros(len(outcome), dtype=np.int64)
        if clusters is not None:
            names, code = np.unique(clusters, return_inverse=True)
            count = len(names)
        odds = log_odds(probability)
        cell = np.round(odds / _STEP).astype(np.int64)
        first = int(cell.min(initial=0))
        width = int(cell.max(initial=0)) - first + 1
        filled, inverse = np.unique(code * width + cell - first, return_inverse=True)
        rows = np.bincount(inverse, minlength=len(filled)).astype(float)
        return cls(
            np.bincount(inverse, odds, len(filled)) / np.maximum(rows, 1),
            rows,
            np.bincount(inverse, outcome, len(filled)),
            filled // width,
            count,
        )

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Add up values by cluster: shape (k,)."""
        return np.bincount(self.code, values, self.clusters)

    def quantiles(self, shares: tuple[float, ...]) -> tuple[float, ...]:
        """Return quantiles of the log-odds of rows."""
        order = np.argsort(self.odds, kind="stable")
        below = np.cumsum(self.rows[order]) / self.rows.sum()
        return tuple(self.odds[order][np.searchsorted(below, shares)].tolist())


def _design(odds: np.ndarray, knots: tuple[float, ...]) -> np.ndarray:
    """Return the terms of a natural cubic spline, linear beyond its outer knots."""
    terms = [np.ones_like(odds), odds]
    if knots:
        last, before = knots[-1], knots[-2]
        cubes = {knot: np.maximum(odds - knot, 0) ** 3 for knot in knots}
        for knot in knots[:-2]:
            share = (last - knot) / (last - before)
            bend = cubes[knot] - share * cubes[before] + (share - 1) * cubes[last]
            terms.append(bend / (last - knots[0]) ** 2)
    return np.stack(terms, axis=-1)


def _fit_logistic(design: np.ndarray, cells: CellCounts) -> np.ndarray:
    """Fit a logistic regression to counts by Newton's method."""
    positive = np.repeat([1, 0], len(design))
    weight = np.concatenate([cells.positive, cells.rows - cells.positive])
    solver = LogisticRegression(C=_NO_PENALTY, solver="newton-cholesky")
    fitted = solver.fit(np.tile(design[:, 1:], (2, 1)), positive, sample_weight=weight)
    return np.concatenate([fitted.intercept_, fitted.coef_[0]])


def _at_levels(marginal: np.ndarray, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities at Gauss-Hermite nodes of a normal level; see `at_levels`.

    Averaged over levels, log-odds shrink (Zeger, Liang and Albert 1988, Models for longitudinal
    data: a generalized estimating equation approach, Biometrics 44): they are stretched before.
    """
    if not variance:
        return expit(marginal)[np.newaxis], np.ones(1)
    stretched = marginal * np.sqrt(1 + _ATTENUATION * variance)
    levels = _NODES * np.sqrt(variance)
    return expit(stretched + levels[:, np.newaxis]), _WEIGHTS / _WEIGHTS.sum()


def _level_variance(marginal: np.ndarray, cells: CellCounts) -> float:
    """Estimate the variance of the level between clusters.

    The variance at which the squared sums of residuals of clusters, each divided by its
    expectation, add up to their degrees of freedom (Paule and Mandel 1982, Consensus values and
    weighting factors, Journal of Research of the National Bureau of Standards 87).
    """
    if cells.clusters < 2:
        return 0.0
    chance = expit(marginal)
    squared = cells.sum(cells.positive - cells.rows * chance) ** 2

    def excess(variance: float) -> float:
        chances, weights = _at_levels(marginal, variance)
        level = np.stack([cells.sum(cells.rows * (at - chance)) for at in chances])
        drawn = np.stack([cells.sum(cells.rows * at * (1 - at)) for at in chances])
        expectation = weights @ (level**2 + drawn)
        return float((squared / np.maximum(expectation, 1e-12)).sum()) - (cells.clusters - 1)

    if excess(0.0) <= 0:
        return 0.0
    if excess(MAX_LEVEL_VARIANCE) >= 0:
        return MAX_LEVEL_VARIANCE
    return float(brentq(excess, 0.0, MAX_LEVEL_VARIANCE, xtol=1e-6))


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Compute the log-odds of probabilities; finite even of certainties."""
    return np.asarray(logit(np.clip(probability, _NEARLY_SURE, 1 - _NEARLY_SURE)))
