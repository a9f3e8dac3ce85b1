"""Daily sums of losses, costs and scores of predictions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from longhaul.data.periods import labels
from longhaul.errors import LonghaulError
from longhaul.evaluation.threshold import row_costs
from longhaul.monitoring.batches import Batch
from longhaul.problem import Problem
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

    def figures(self, times: np.ndarray) -> dict[str, np.ndarray]:
        """Compute metrics, with days weighted by ``times`` of shape (r, d): r values of each."""
        rows = times @ self.rows
        negative, positive = times @ self.negative, times @ self.positive
        below = np.cumsum(negative, -1) - negative / 2
        pairs = positive.sum(-1) * negative.sum(-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "log_loss": times @ self.losses / rows,
                "auc": (positive * below).sum(-1) / pairs,
                "cost": times @ self.costs / rows,
            }


def sum_up(batch: Batch, problem: Problem) -> Days:
    """Sum up predictions by the day of the rows.

    Raises
    ------
    LonghaulError
        When the problem declares no time.
    """
    outcome, time = batch.outcome.astype(bool), problem.time
    if time is None:
        raise LonghaulError(
            "time: a backtest compares days, but the problem declares no time column;"
            " declare one under `time`"
        )
    day, names = pd.factorize(labels(batch.frame[time.column], "day"))
    losses = binary.losses(outcome, batch.probability)
    costs = row_costs(outcome, batch.decision, problem.costs)
    cell = np.searchsorted(np.linspace(0, 1, CELLS + 1)[1:-1], batch.probability, side="right")
    place = day * CELLS + cell
    shape, size = (len(names), CELLS), len(names) * CELLS
    return Days(
        np.bincount(day, minlength=len(names)).astype(float),
        np.bincount(day, losses, len(names)),
        np.bincount(day, costs, len(names)),
        np.bincount(place[~outcome], minlength=size).reshape(shape).astype(float),
        np.bincount(place[outcome], minlength=size).reshape(shape).astype(float),
    )
