"""Regression statistics: sums over the errors of predicted numbers.

All metrics of any number of rows can be computed from a few sums, in memory that does not depend on
the rows.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

# With e the error and y the outcome, both in the reference's unit: the powers whose means are kept.
_POWERS = ((1, 0), (2, 0), (0, 1), (0, 2))


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
    sums : ndarray of float, shape (4,)
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

    def __sub__(self, other: "RegressionStatistics") -> "RegressionStatistics":
        return replace(
            self,
            rows=self.rows - other.rows,
            labelled=self.labelled - other.labelled,
            absolute=self.absolute - other.absolute,
            sums=self.sums - other.sums,
        )

    def measure(self) -> dict[str, float]:
        """Compute the metrics of `longhaul.tasks.regression.measure`.

        Returns
        -------
        dict of str to float
            All NaN where no outcome is known; `r2` is NaN where outcomes do not vary.
        """
        if not self.labelled:
            return dict.fromkeys(("rmse", "mae", "r2", "bias"), float("nan"))
        mean = dict(zip(_POWERS, self.sums / self.labelled, strict=True))
        squared, spread = max(mean[2, 0], 0.0), mean[0, 2] - mean[0, 1] ** 2
        return {
            "rmse": squared**0.5 * self.scale,
            "mae": self.absolute / self.labelled * self.scale,
            "r2": 1 - squared / spread if spread > 0 else float("nan"),
            "bias": mean[1, 0] * self.scale,
        }

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return {**vars(self), "sums": self.sums.tolist()}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore statistics from `to_dict`."""
        sums = np.array(record["sums"])
        if len(sums) > len(_POWERS):  # older references keep higher powers as well
            sums = sums[[0, 1, 3, 4]]
        return cls(**{**record, "sums": sums})
