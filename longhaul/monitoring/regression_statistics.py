"""Regression statistics: sums over the errors of predicted numbers.

All metrics of any number of rows can be computed from a few sums, in memory that does not depend on
the rows.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from longhaul.monitoring.loss_sums import LossSums

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
    losses : LossSums
        Of the squared and absolute error, expected by a `LossModel`, and of the outcome's squared
        distances from -1 and from 1; empty where there is no such model.
    """

    center: float
    scale: float
    rows: int = 0
    labelled: int = 0
    absolute: float = 0.0
    sums: np.ndarray = field(default_factory=lambda: np.zeros(len(_POWERS)))
    losses: LossSums = field(default_factory=LossSums.empty)

    @classmethod
    def in_unit_of(cls, outcome: np.ndarray) -> Self:
        """Return sums over no predictions, in the unit of a reference's outcomes."""
        spread = float(outcome.std())
        return cls(float(outcome.mean()), spread if spread > 0 else 1.0)

    def summarize(
        self, prediction: np.ndarray, outcome: np.ndarray, losses: np.ndarray | None = None
    ) -> Self:
        """Sum up other predictions in the same unit.

        Parameters
        ----------
        prediction : ndarray of float, shape (n,)
        outcome : ndarray of float, shape (n,)
            NaN where it is unknown.
        losses : ndarray of float, shape (n, 2), optional
            Expected squared and absolute errors, in the reference's unit.
        """
        labelled = ~np.isnan(outcome)
        centers, errors = (outcome - self.center) / self.scale, (prediction - outcome) / self.scale
        centered, error = centers[labelled], errors[labelled]
        return replace(
            self,
            rows=len(prediction),
            labelled=int(labelled.sum()),
            absolute=float(np.abs(error).sum()),
            sums=np.array([(error**i * centered**j).sum() for i, j in _POWERS]),
            losses=LossSums.empty()
            if losses is None
            else _losses(losses, (prediction - self.center) / self.scale, centers),
        )

    def __add__(self, other: "RegressionStatistics") -> "RegressionStatistics":
        return replace(
            self,
            rows=self.rows + other.rows,
            labelled=self.labelled + other.labelled,
            absolute=self.absolute + other.absolute,
            sums=self.sums + other.sums,
            losses=self.losses + other.losses,
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
            losses=self.losses - other.losses,
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
        return {**vars(self), "sums": self.sums.tolist(), "losses": self.losses.to_dict()}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore statistics from `to_dict`."""
        sums = np.array(record["sums"])
        if len(sums) > len(_POWERS):  # older references keep higher powers as well
            sums = sums[[0, 1, 3, 4]]
        losses = LossSums.from_dict(record.get("losses"))
        return cls(**{**record, "sums": sums, "losses": losses})


def outcome_moments(below: float, above: float) -> tuple[float, float]:
    """Return mean and variance of outcomes from their mean squared distances from -1 and 1."""
    mean = (below - above) / 4
    return mean, (below + above) / 2 - 1 - mean**2


def _losses(expected: np.ndarray, prediction: np.ndarray, outcome: np.ndarray) -> LossSums:
    """Sum up errors, and squared distances of outcomes, expected by predictions and errors.

    Distances from two points give mean and variance, and are positive, as what is stretched must
    be.
    """
    error = prediction - outcome
    points = np.array([-1.0, 1.0])
    distances = (prediction[:, np.newaxis] - points) ** 2 + expected[:, :1]
    realized = np.stack([error**2, np.abs(error), (outcome + 1) ** 2, (outcome - 1) ** 2], axis=1)
    return LossSums.of(np.hstack([expected, distances]), realized)
