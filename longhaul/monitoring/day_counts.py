"""Counts of what a binary model itself predicted, by day, with the outcomes known by now."""

from pathlib import Path

import numpy as np

from longhaul.data import parquet
from longhaul.monitoring import batches
from longhaul.monitoring.batches import Batch
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.scores import Scores
from longhaul.problem import Problem


def count(
    source: Path, predictions: Path, problem: Problem, rows: int = batches.BATCH_ROWS
) -> ClusterCounts[Scores]:
    """Count the predictions of a period, in memory that depends on the size of a batch alone.

    Parameters
    ----------
    source : Path
        The rows of the period, as a Parquet file: of their columns, only those with outcomes and
        times are read.
    predictions : Path
        Of the same rows in the same order.
    problem : Problem
        With a time column.
    rows : int
        The most to hold at once.
    """
    time = [problem.time.column] if problem.time else []
    wanted = {problem.target.column, problem.cluster_column, *time}
    columns = [name for name in parquet.schema(source).names if name in wanted]
    total: ClusterCounts[Scores] = ClusterCounts()
    for batch in batches.read(source, predictions, problem, True, rows, columns):
        total = total + _by_day(batch)
    return total


def _by_day(batch: Batch) -> ClusterCounts[Scores]:
    def summarize(rows: np.ndarray) -> Scores:
        return Scores.of(batch.raw[rows], batch.decision[rows], batch.outcome[rows])

    return ClusterCounts() if batch.day is None else ClusterCounts.of(batch.day, summarize)
