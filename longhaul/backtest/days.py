"""What predictions were worth, summed up day by day."""

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
    """What predictions were worth, day by day.

    Attributes
    ----------
    rows, losses, costs : ndarray of float, shape (d,)
        Sums over each day.
    negative, positive : ndarray of float, shape (d, c)
        Rows of either outcome by how sure the prediction was, in rising cells.
    """

    rows: np.ndarray
    losses: np.ndarray
    costs: np.ndarray
    negative: np.ndarray
    positive: np.ndarray

    def figures(self, times: np.ndarray) -> dict[str, np.ndarray]:
        """Metrics when each day counts so many times: for ``times`` of shape (r, d), r of each."""
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
    """Sum up predictions by the day of the rows."""
    outcome, time = batch.outcome.astype(bool), problem.time
    if time is None:
        raise LonghaulError("replay: it compares days, but the table has no times")
    day, found = pd.factorize(labels(batch.frame[time.column], "day"))
    losses = binary.losses(outcome, batch.probability)
    costs = row_costs(outcome, batch.decision, problem.costs)
    cell = np.searchsorted(np.linspace(0, 1, CELLS + 1)[1:-1], batch.probability, side="right")
    place = day * CELLS + cell
    shape, most = (len(found), CELLS), len(found) * CELLS
    return Days(
        np.bincount(day, minlength=len(found)).astype(float),
        np.bincount(day, losses, len(found)),
        np.bincount(day, costs, len(found)),
        np.bincount(place[~outcome], minlength=most).reshape(shape).astype(float),
        np.bincount(place[outcome], minlength=most).reshape(shape).astype(float),
    )
