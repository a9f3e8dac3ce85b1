"""Counts of predictions of any type of target."""

from typing import Any

import numpy as np

from longhaul.monitoring.batches import Batch, ScoredColumns
from longhaul.monitoring.class_statistics import ClassStatistics
from longhaul.monitoring.regression_statistics import RegressionStatistics
from longhaul.monitoring.scores import Scores

Scored = Scores | ClassStatistics | RegressionStatistics  # of two classes, of several, of numbers


def count(
    like: Scored, scored: ScoredColumns | Batch, rows: np.ndarray, losses: np.ndarray | None = None
) -> Scored:
    """Count predictions in the cells, or in the unit, of a reference.

    Parameters
    ----------
    like : Scores, ClassStatistics or RegressionStatistics
        The reference's own. Old ones of several classes are the counts of the class decided for.
    scored : ScoredColumns or Batch
    rows : ndarray of int, shape (m,)
        Which of them to count.
    losses : ndarray of float, shape (n, 2), optional
        Of numbers: the expected squared and absolute errors of all of them.
    """
    probability, outcome = scored.probability[rows], scored.outcome[rows]
    if isinstance(like, ClassStatistics):
        assert scored.probabilities is not None  # predictions of several classes have them
        assert scored.code is not None
        assert scored.label is not None
        return like.summarize(scored.probabilities[rows], scored.code[rows], scored.label[rows])
    if isinstance(like, RegressionStatistics):
        return like.summarize(probability, outcome, None if losses is None else losses[rows])
    return like.summarize(probability, scored.decision[rows], outcome)


def restore(record: dict[str, Any]) -> Scored:
    """Restore counts from their `to_dict`."""
    if "decided" in record:
        return ClassStatistics.from_dict(record)
    return (Scores if "cells" in record else RegressionStatistics).from_dict(record)


def scores_of(counts: Scored) -> Scores | None:
    """Return counts by probability: of the class decided for, among several; None of numbers."""
    if isinstance(counts, ClassStatistics):
        return counts.decided
    return counts if isinstance(counts, Scores) else None
