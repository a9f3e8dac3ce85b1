"""Choice of train, validation, test and production windows for an unknown table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from longhaul.data import batches, periods
from longhaul.errors import LonghaulError
from longhaul.problem import Batches, Length, Time, Windows

LENGTHS: tuple[Length, ...] = ("year", "quarter", "month", "week", "day")
FEW_ROWS = 2000
MIN_PERIODS = 8  # enough to train on several and to leave some for production
# The number of parts, and of those before the end of training, validation and test.
_FEW_PARTS = 10, (5, 7, 9)
_MANY_PARTS = 20, (12, 15, 18)
_SHARES = (0.5, 0.62, 0.75)  # of the rows before the same three ends, in order of time


@dataclass(frozen=True)
class WindowPlan:
    """Windows over periods or batches, with their numbers of rows.

    Attributes
    ----------
    time : Time or None
    batches : Batches or None
    windows : Windows
    rows : dict of str to int
        The number of rows in each window.
    period_rows : int
        The median number of rows of a production period.
    """

    time: Time | None
    batches: Batches | None
    windows: Windows
    rows: dict[str, int]
    period_rows: int


def by_time(times: pd.Series, classes: np.ndarray) -> WindowPlan | None:
    """Choose windows in order of time; None if there are too few periods.

    Parameters
    ----------
    times : Series of datetime64, n rows
        Without missing values.
    classes : ndarray, shape (n,)
        Outcomes; every window must have several different ones.
    """
    for length in LENGTHS:
        label = periods.labels(times, length)
        names = sorted(label.unique())
        if len(names) < MIN_PERIODS:
            continue
        counts = label.value_counts().reindex(names).to_numpy()
        ends = _ends(counts)
        if ends is None or not _varied(label, names, ends, classes):
            continue
        time = Time(str(times.name), length)
        return _plan(time, None, names, ends, counts)
    return None


def by_hash(
    frame: pd.DataFrame, labelled: np.ndarray, group: str, classes: np.ndarray
) -> WindowPlan:
    """Choose windows of parts to which a hash assigns the rows.

    Parameters
    ----------
    frame : DataFrame of n rows
        The raw rows.
    labelled : ndarray of bool, shape (n,)
        True for rows with an outcome.
    group : str
        A column; rows with the same value in it stay in one part. Empty if there is none.
    classes : ndarray
        The outcomes of the labelled rows.

    Raises
    ------
    LonghaulError
        When there are too few rows to give every window several different outcomes.
    """
    parts, ends = _FEW_PARTS if len(frame) < FEW_ROWS else _MANY_PARTS
    label = batches.assign_batches(frame, parts, group)[labelled]
    names = [periods.batch(number) for number in range(parts)]
    counts = label.value_counts().reindex(names).fillna(0).to_numpy().astype(int)
    if not _varied(label, names, ends, classes):
        _, sizes = np.unique(classes, return_counts=True)
        raise LonghaulError(
            f"data: {len(label):,} rows with {int(sizes.min()):,} of the rarest outcome are too few"
            " to train, validate and test on: every window needs several different outcomes"
        )
    return _plan(None, Batches(parts), names, ends, counts)


def _ends(counts: np.ndarray) -> tuple[int, int, int] | None:
    """Return the numbers of periods before the end of training, validation and test."""
    share = np.cumsum(counts) / counts.sum()
    ends: list[int] = []
    for minimum, wanted in zip((3, 1, 1), _SHARES, strict=True):
        start = ends[-1] if ends else 0
        ends.append(max(start + minimum, int(np.searchsorted(share, wanted)) + 1))
    return (ends[0], ends[1], ends[2]) if ends[-1] < len(counts) else None


def _varied(
    label: pd.Series, names: Sequence[str], ends: Sequence[int], classes: np.ndarray
) -> bool:
    """Return whether training, validation and test have several different outcomes each."""
    position = label.map({name: number for number, name in enumerate(names)}).to_numpy()
    for start, end in zip((0, *ends), ends, strict=False):
        if len(np.unique(classes[(position >= start) & (position < end)])) < 2:
            return False
    return True


def _plan(
    time: Time | None,
    parts: Batches | None,
    names: Sequence[str],
    ends: Sequence[int],
    counts: np.ndarray,
) -> WindowPlan:
    train, valid, test = (
        (names[start], names[end - 1]) for start, end in zip((0, *ends), ends, strict=False)
    )
    rows = [int(part.sum()) for part in np.split(counts, list(ends))]
    return WindowPlan(
        time,
        parts,
        Windows(train, valid, test, (names[ends[-1]],)),
        dict(zip(("train", "valid", "test", "production"), rows, strict=True)),
        int(np.median(counts[ends[-1] :])),
    )
