"""Clusters of rows that share their fate: the sampling unit that evidence is counted by.

Rows of one day, or of one customer, are not independent. Intervals treat clusters as drawn, not
rows (Cameron and Miller 2015, A practitioner's guide to cluster-robust inference, Journal of Human
Resources 50).
"""

import numpy as np
import pandas as pd

from longhaul.data import periods
from longhaul.errors import LonghaulError
from longhaul.features.formats import texts
from longhaul.problem import ROW, Problem

GROUPS = 64  # random groups that rows, or values of a column, are gathered in
MIN_CLUSTERS = 10  # with fewer, an interval over clusters says little

_LENGTHS: dict[str, periods.Length] = {"day": "day", "week": "week", "month": "month"}


def of(frame: pd.DataFrame, problem: Problem, rows: np.ndarray | None = None) -> np.ndarray:
    """Return the cluster of each row: str of shape (n,).

    Times are clusters by themselves. Values of a column, or rows, are many: they are gathered in
    `GROUPS` groups by a hash, so that counts by cluster stay small. A group of independent clusters
    is again independent of the others (Wolter 2007, Introduction to Variance Estimation, chapter
    2: the random group method).

    Parameters
    ----------
    frame : DataFrame of n rows
    problem : Problem
    rows : ndarray of int, shape (n,), optional
        Their positions in the table of the period; by default, they are all of it.

    Raises
    ------
    LonghaulError
        When the column that clusters are values of is not in the table.
    """
    unit, column = problem.sampling_unit, problem.cluster_column
    if unit == ROW:
        positions = np.arange(len(frame)) if rows is None else rows
        return _group(pd.util.hash_array(positions.astype(np.int64)))
    if column:
        if column not in frame.columns:
            raise LonghaulError(
                f"cluster: column {column!r} is not in the table; declare another cluster"
            )
        indices, values = texts(frame[column])
        return _group(pd.util.hash_array(np.array([*values, ""], dtype=object))[indices])
    assert problem.time is not None  # the problem has checked it
    times = frame[problem.time.column]
    if unit == "hour":
        return times.dt.strftime("%Y-%m-%d %H").to_numpy(dtype=str)
    return periods.labels(times, _LENGTHS[unit]).to_numpy(dtype=str)


def enough(count: int) -> bool:
    """Return whether so many clusters can carry an interval."""
    return count >= MIN_CLUSTERS


def describe_unit(problem: Problem) -> str:
    """Name the sampling unit in the plural, such as ``days`` or ``groups of user``."""
    unit, column = problem.sampling_unit, problem.cluster_column
    return f"groups of {column!r}" if column else f"{unit}s"


def _group(hashes: np.ndarray) -> np.ndarray:
    """Name the group of each hash: ``group-07``."""
    names = np.array([f"group-{number:02d}" for number in range(GROUPS)])
    return np.asarray(names[hashes % np.uint64(GROUPS)])
