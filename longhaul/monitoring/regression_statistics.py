"""Regression statistics: sums over the errors of predicted numbers.

All metrics of any number of rows can be computed from a few sums, with intervals, in memory that
does not depend on the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from scipy.stats import norm

from longhaul.evaluation.intervals import Interval

# With e the error and y the outcome, both in the reference's unit: the powers whose means are kept.
_POWERS = ((1, 0), (2, 0), (4, 0), (0, 1), (0, 2), (0, 3), (0, 4), (2, 1), (2, 2))


@dataclass(frozen=True)
class RegressionStatistics:
    """Sums over predictions; sums over batches add up.

    Attributes
    ----------
    center, scale : float
        Mean and spread of the reference's outcomes: sums of numbers far from zero lose digits.
    rows : int
    labelled : int
        Predictions with a known outcome.
    absolute : float
        The sum of absolute errors, in the reference's unit.
    sums : ndarray of float, shape (9,)
        Of powers of errors and outcomes, in the reference's unit.
    """

    center: float
    scale: float
    rows: int = 0
    labelled: int = 0
    absolute: float = 0.0
    sums: np.ndarray = field(default_factory=lambda: np.zeros(len(_POWERS)))

    @classmethod
    def of(cls, prediction: np.ndarray, outcome: np.ndarray) -> Self:
        """Sum up a reference with known outcomes."""
        spread = float(outcome.std())
        empty = cls(float(outcome.mean()), spread if spread > 0 else 1.0)
        return empty.summarize(prediction, np.ones(len(outcome), dtype=bool), outcome)

    def summarize(self, prediction: np.ndarray, decision: np.ndarray, outcome: np.ndarray) -> Self:
        """Sum up other predictions in the same unit; an unknown outcome is NaN."""
        labelled = ~np.isnan(outcome)
        centered = (outcome[labelled] - self.center) / self.scale
        error = (prediction[labelled] - outcome[labelled]) / self.scale
        return replace(
            self,
            rows=len(prediction),
            labelled=int(labelled.sum()),
            absolute=float(np.abs(error).sum()),
            sums=np.array([(error**i * centered**j).sum() for i, j in _POWERS]),
        )

    def __add__(self, other: "RegressionStatistics") -> "RegressionStatistics":
        return replace(
            self,
            rows=self.rows + other.rows,
            labelled=self.labelled + other.labelled,
            absolute=self.absolute + other.absolute,
            sums=self.sums + other.sums,
        )

    @property
    def positives(self) -> int:
        """Number of positive outcomes: none, of numbers."""
        return 0

    def figures(self, confidence: float) -> dict[str, Interval]:
        """Compute the metrics of `longhaul.tasks.regression.measure`, with asymptotic intervals.

        Intervals of a root and of a ratio are by the delta method (van der Vaart 1998, Asymptotic
        Statistics, chapter 3).

        Parameters
        ----------
        confidence : float

        Returns
        -------
        dict of str to Interval
            Empty where no outcome is known; `r2` is NaN where outcomes do not vary.
        """
        n = self.labelled
        if not n:
            return {}
        mean = dict(zip(_POWERS, self.sums / n, strict=True))
        z = float(norm.isf((1 - confidence) / 2))
        squared, absolute, bias = mean[2, 0], self.absolute / n, mean[1, 0]
        of_squared = max(mean[4, 0] - squared**2, 0.0)

        def around(value: float, variance: float, unit: float = 1.0) -> Interval:
            margin = z * (max(variance, 0.0) / n) ** 0.5
            return Interval(value * unit, (value - margin) * unit, (value + margin) * unit)

        root = squared**0.5
        of_root = of_squared / (4 * squared) if squared > 0 else 0.0
        return {
            "rmse": around(root, of_root, self.scale),
            "mae": around(absolute, squared - absolute**2, self.scale),
            "r2": self._explained(mean, around),
            "bias": around(bias, squared - bias**2, self.scale),
        }

    def _explained(self, mean: Mapping[tuple[int, int], float], around: Any) -> Interval:
        """Compute the explained share of the variance: 1 - mean(u) / mean(v), v = (y - mean)²."""
        m = mean[0, 1]
        spread = mean[0, 2] - m**2
        if spread <= 0:
            return Interval(np.nan, np.nan, np.nan)
        ratio = mean[2, 0] / spread
        fourth = mean[0, 4] - 4 * m * mean[0, 3] + 6 * m**2 * mean[0, 2] - 3 * m**4
        both = mean[2, 2] - 2 * m * mean[2, 1] + m**2 * mean[2, 0]
        of_difference = mean[4, 0] - 2 * ratio * both + ratio**2 * fourth
        interval: Interval = around(1 - ratio, of_difference / spread**2)
        return interval

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return {**vars(self), "sums": self.sums.tolist()}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore statistics from `to_dict`."""
        return cls(**{**record, "sums": np.array(record["sums"])})
