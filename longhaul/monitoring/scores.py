"""Counts of predictions by probability, decision and outcome.

All metrics of any number of rows can be computed from such counts, and resampled, in memory that
does not depend on the rows.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from longhaul.evaluation.calibration import log_odds
from longhaul.problem import Costs
from longhaul.tasks.metrics import calibration_bins, require_probabilities

CELLS = 2400
_REACH = 12.0  # log-odds beyond which all share the last cell
NEGATIVE, POSITIVE, UNKNOWN = 0, 1, 2

_EPSILON = np.finfo(np.float64).eps


@dataclass(frozen=True)
class Scores:
    """Counts of predictions; counts of batches add up.

    Attributes
    ----------
    counts : ndarray of int, shape (c, 2, 3)
        By cell, decision, and outcome: negative, positive, unknown. The cells are equal steps of
        the log-odds from -12 to 12, so that rare events are resolved as finely as frequent ones.
    sums : ndarray of float, shape (c, 2)
        Of the probabilities, by cell and decision.
    """

    counts: np.ndarray
    sums: np.ndarray

    @classmethod
    def empty(cls, cells: int = CELLS) -> Self:
        """Return counts of no predictions."""
        return cls(np.zeros((cells, 2, 3), dtype=np.int64), np.zeros((cells, 2)))

    @classmethod
    def of(
        cls,
        probability: np.ndarray,
        decision: np.ndarray,
        outcome: np.ndarray | None = None,
        cells: int = CELLS,
    ) -> Self:
        """Count predictions.

        Parameters
        ----------
        probability : ndarray of float, shape (n,)
        decision : ndarray of bool, shape (n,)
        outcome : ndarray of bool or int, shape (n,), optional
            `NEGATIVE`, `POSITIVE` or `UNKNOWN`; without it, none is known.
        cells : int

        Raises
        ------
        LonghaulError
            When a probability is not a number from 0 to 1.
        """
        require_probabilities(probability)
        cell = _cell(probability, cells)
        label = UNKNOWN if outcome is None else outcome.astype(np.int64)
        place = (cell * 2 + decision) * 3 + label
        counts = np.bincount(place, minlength=cells * 6).reshape(cells, 2, 3)
        sums = np.bincount(cell * 2 + decision, probability, minlength=cells * 2)
        return cls(counts, sums.reshape(cells, 2))

    def summarize(
        self, probability: np.ndarray, decision: np.ndarray, outcome: np.ndarray
    ) -> "Scores":
        """Count other predictions in the same cells."""
        return Scores.of(probability, decision, outcome, len(self.counts))

    def __add__(self, other: "Scores") -> "Scores":
        return Scores(self.counts + other.counts, self.sums + other.sums)

    @property
    def rows(self) -> int:
        """Number of predictions."""
        return int(self.counts.sum())

    @property
    def labelled(self) -> int:
        """Number of predictions with a known outcome."""
        return int(self.counts[:, :, :UNKNOWN].sum())

    @property
    def positives(self) -> int:
        """Number of predictions with a positive outcome."""
        return int(self.counts[:, :, POSITIVE].sum())

    def cells(self) -> "Cells":
        """Return the cells that hold rows, in ascending order."""
        rows = self.counts.sum(axis=2)
        cell, decision = np.nonzero(rows)
        return Cells(
            self.sums[cell, decision] / rows[cell, decision],
            decision.astype(bool),
            self.counts[cell, decision],
        )

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types; only cells that hold rows are kept."""
        cell, decision = np.nonzero(self.counts.sum(axis=2))
        return {
            "cells": len(self.counts),
            "place": (2 * cell + decision).tolist(),
            "counts": self.counts[cell, decision].tolist(),
            "sums": self.sums[cell, decision].tolist(),
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore counts from `to_dict`."""
        empty = cls.empty(record["cells"])
        counts, sums = empty.counts.reshape(-1, 3), empty.sums.reshape(-1)
        if record["place"]:
            counts[record["place"]] = record["counts"]
            sums[record["place"]] = record["sums"]
        return cls(counts.reshape(empty.counts.shape), sums.reshape(empty.sums.shape))


@dataclass(frozen=True)
class Cells:
    """Filled cells of predictions.

    Attributes
    ----------
    probability : ndarray of float, shape (k,)
        The mean of each cell, rising.
    decision : ndarray of bool, shape (k,)
    counts : ndarray of int, shape (k, 3)
        Negative, positive, and of unknown outcome.
    """

    probability: np.ndarray
    decision: np.ndarray
    counts: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """Number of predictions in each cell, with or without a known outcome."""
        return np.asarray(self.counts.sum(axis=1))


def metrics(
    cells: Cells, negative: np.ndarray, positive: np.ndarray, costs: Costs
) -> dict[str, np.ndarray]:
    """Compute the metrics of `longhaul.tasks.metrics.measure`, and more, from counts by cell.

    Rows of one cell count as equally probable. Counts may be fractional, as expected ones are.

    Parameters
    ----------
    cells : Cells
    negative, positive : ndarray of float, shape (..., k)
        Rows of either outcome in each cell, for any number of samples.
    costs : Costs

    Returns
    -------
    dict of str to ndarray of float, shape (...)
        auc, average_precision, log_loss (nats), brier, calibration_error, cost, and accuracy: the
        share of positives, which is that where a positive is a decision that was right. NaN where
        there are no rows, and the first two where there is one class only.
    """
    p = cells.probability
    rows = negative + positive
    with np.errstate(divide="ignore", invalid="ignore"):
        n, negatives, positives = (part.sum(-1) for part in (rows, negative, positive))
        below = np.cumsum(negative, -1) - negative / 2
        auc = (positive * below).sum(-1) / (positives * negatives)
        precision = np.cumsum(positive[..., ::-1], -1) / np.cumsum(rows[..., ::-1], -1)
        descending = positive[..., ::-1]
        weighted = np.nansum(np.where(descending > 0, descending * precision, 0), -1)
        wrong = np.where(cells.decision, costs.false_positive * negative, 0)
        missed = np.where(cells.decision, 0, costs.false_negative * positive)
        return {
            "auc": auc,
            "average_precision": np.where(negatives > 0, weighted / positives, np.nan),
            "log_loss": -(positive * logarithm(p) + negative * logarithm(1 - p)).sum(-1) / n,
            "brier": (positive * (1 - p) ** 2 + negative * p**2).sum(-1) / n,
            "calibration_error": _calibration_error(p, positive, rows) / n,
            "cost": (wrong + missed).sum(-1) / n,
            "accuracy": positives / n,
        }


def _calibration_error(p: np.ndarray, positive: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Compute the distance, in rows, of predicted from observed positives over equal masses."""
    totals = rows.reshape(-1, rows.shape[-1]).sum(0)
    before = np.cumsum(totals) - totals
    samples = rows[..., 0].size
    bins = calibration_bins(int(totals.sum() / samples))
    group = np.floor(bins * before / max(float(totals.sum()), 1.0)).astype(int)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    if not len(starts):
        return np.zeros(rows.shape[:-1])
    return np.asarray(np.abs(np.add.reduceat(p * rows - positive, starts, axis=-1)).sum(-1))


def cell_odds(cells: int = CELLS) -> np.ndarray:
    """Return the log-odds in the middle of each cell: float of shape (c,)."""
    return (np.arange(cells) + 0.5) * (2 * _REACH / cells) - _REACH


def sensitivities(
    cells: Cells, negative: np.ndarray, positive: np.ndarray, costs: Costs
) -> dict[str, np.ndarray]:
    """Compute how metrics move with one more positive, and one less negative, in each cell.

    Parameters
    ----------
    cells : Cells
    negative, positive : ndarray of float, shape (k,)
    costs : Costs

    Returns
    -------
    dict of str to ndarray of float, shape (k,)
        Derivatives of auc, average_precision, log_loss, brier, cost and accuracy of `metrics`.
    """
    p, rows = cells.probability, negative + positive
    n, negatives, positives = rows.sum(), negative.sum(), positive.sum()
    below = np.cumsum(negative) - negative / 2
    above = positives - np.cumsum(positive) + positive / 2
    from_here = np.cumsum(rows[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        auc = (positive * below).sum() / (positives * negatives)
        precision = np.cumsum(positive[::-1])[::-1] / from_here
        average = (positive * precision).sum() / positives
        return {
            "auc": (below - above - auc * (negatives - positives)) / (positives * negatives),
            "average_precision": (precision + np.cumsum(positive / from_here) - average)
            / positives,
            "log_loss": -_odds_gain(p) / n,
            "brier": (1 - 2 * p) / n,
            "cost": np.where(cells.decision, -costs.false_positive, costs.false_negative) / n,
            "accuracy": np.full(len(p), 1 / n),
        }


def _odds_gain(probability: np.ndarray) -> np.ndarray:
    """Compute what a positive gains in log loss on a negative, of the same probability."""
    return logarithm(probability) - logarithm(1 - probability)


def _cell(probability: np.ndarray, cells: int) -> np.ndarray:
    step = (log_odds(probability) + _REACH) * (cells / (2 * _REACH))
    return np.clip(step, 0, cells - 1).astype(np.int64)


def logarithm(values: np.ndarray) -> np.ndarray:
    """Compute the logarithm of probabilities; finite even of zero, as in scikit-learn."""
    return np.log(np.clip(values, _EPSILON, 1))
