"""Daily sums of losses, costs and scores of predictions."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from longhaul.backtest.counts import PredictionCounts
from longhaul.evaluation.threshold import row_costs
from longhaul.problem import Costs
from longhaul.tasks import binary

CELLS = 300  # of a day's predictions: enough for an AUC


@dataclass(frozen=True)
class Days:
    """Daily sums over predictions with known outcomes.

    Attributes
    ----------
    rows, losses, costs : ndarray of float, shape (d,)
        Sums over each day.
    negative, positive : ndarray of float, shape (d, c)
        Rows of either outcome by probability, in ascending cells.
    """

    rows: np.ndarray
    losses: np.ndarray
    costs: np.ndarray
    negative: np.ndarray
    positive: np.ndarray

    @classmethod
    def of(cls, counts: PredictionCounts, costs: Costs) -> Self:
        """Sum up predictions by day."""
        negative, positive = counts.negative, counts.positive
        wrong = np.zeros((2, len(counts.day)), dtype=bool)
        wrong[1] = True
        losses = [binary.losses(outcome, counts.probability) for outcome in wrong]
        charged = [row_costs(outcome, counts.decision, costs) for outcome in wrong]
        cell = np.searchsorted(np.linspace(0, 1, CELLS + 1)[1:-1], counts.probability, side="right")
        place, count = counts.day * CELLS + cell, len(counts.days)

        def sums(values: np.ndarray) -> np.ndarray:
            return np.bincount(counts.day, values, count)

        def cells(rows: np.ndarray) -> np.ndarray:
            return np.bincount(place, rows, count * CELLS).reshape(count, CELLS)

        return cls(
            sums(counts.rows),
            sums(negative * losses[0] + positive * losses[1]),
            sums(negative * charged[0] + positive * charged[1]),
            cells(negative),
            cells(positive),
        )

    def auc(self) -> tuple[float, np.ndarray]:
        """Compute the AUC of all days, and that without each of them: shape (d,)."""
        negative, positive = self.negative.sum(axis=0), self.positive.sum(axis=0)
        total = _auc(negative[np.newaxis], positive[np.newaxis])
        return float(total[0]), _auc(negative - self.negative, positive - self.positive)


def _auc(negative: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Compute AUCs from counts by cell of shape (r, c); NaN where one outcome is missing."""
    below = np.cumsum(negative, -1) - negative / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((positive * below).sum(-1) / (positive.sum(-1) * negative.sum(-1)))
