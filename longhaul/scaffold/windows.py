"""Which rows of an unknown table teach, which judge, and which stand for what comes later."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from longhaul.data import batches, periods
from longhaul.errors import LonghaulError
from longhaul.problem import Batches, Length, Time, Windows

LENGTHS: tuple[Length, ...] = ("year", "quarter", "month", "week", "day")
FEW_ROWS = 2000
LEAST = 8  # periods: enough to learn from several, and to see some go by
# Parts, and up to which of them to train, validate and test.
_FEW = 10, (5, 7, 9)
_MANY = 20, (12, 15, 18)
_SHARES = (0.5, 0.62, 0.75)  # of the rows, in order of time


@dataclass(frozen=True)
class WindowPlan:
    """Windows, and what they are windows of.

    Attributes
    ----------
    time : Time or None
    batches : Batches or None
    windows : Windows
    rows : dict of str to int
        Of each window.
    period_rows : int
        Of a period in production, in the median.
    """

    time: Time | None
    batches: Batches | None
    windows: Windows
    rows: dict[str, int]
    period_rows: int


def by_time(times: pd.Series, classes: np.ndarray) -> WindowPlan | None:
    """Windows in order of time; None where there are too few periods for them.

    Parameters
    ----------
    times : Series of datetime64, n rows
        Without gaps.
    classes : ndarray, shape (n,)
        Every window must have several of them.
    """
    for length in LENGTHS:
        label = periods.labels(times, length)
        found = sorted(label.unique())
        if len(found) < LEAST:
            continue
        counts = label.value_counts().reindex(found).to_numpy()
        ends = _ends(counts)
        if ends is None or not _varied(label, found, ends, classes):
            continue
        time = Time(str(times.name), length)
        return _plan(time, None, found, ends, counts)
    return None


def by_hash(frame: pd.DataFrame, known: np.ndarray, group: str, classes: np.ndarray) -> WindowPlan:
    """Windows of parts that a hash has chosen.

    Parameters
    ----------
    frame : DataFrame of n rows
        As they are written.
    known : ndarray of bool, shape (n,)
        Which rows have an outcome.
    group : str
        A column whose values are not parted; empty: there is none.
    classes : ndarray
        The outcomes that are known.

    Raises
    ------
    LonghaulError
        When a window would have outcomes of one kind only: there are too few rows.
    """
    parts, ends = _FEW if len(frame) < FEW_ROWS else _MANY
    label = batches.cut(frame, parts, group)[known]
    found = [periods.batch(number) for number in range(parts)]
    counts = label.value_counts().reindex(found).fillna(0).to_numpy().astype(int)
    if not _varied(label, found, ends, classes):
        _, sizes = np.unique(classes, return_counts=True)
        raise LonghaulError(
            f"data: {len(label):,} rows with {int(sizes.min()):,} of the rarest outcome are too few"
            " to train, validate and test on: every window needs several different outcomes"
        )
    return _plan(None, Batches(parts), found, ends, counts)


def _ends(counts: np.ndarray) -> tuple[int, int, int] | None:
    """How many periods lie before the end of training, validation and test."""
    share = np.cumsum(counts) / counts.sum()
    ends: list[int] = []
    for least, wanted in zip((3, 1, 1), _SHARES, strict=True):
        start = ends[-1] if ends else 0
        ends.append(max(start + least, int(np.searchsorted(share, wanted)) + 1))
    return (ends[0], ends[1], ends[2]) if ends[-1] < len(counts) else None


def _varied(
    label: pd.Series, found: Sequence[str], ends: Sequence[int], classes: np.ndarray
) -> bool:
    """Whether training, validation and test have several outcomes each."""
    place = label.map({one: number for number, one in enumerate(found)}).to_numpy()
    for start, end in zip((0, *ends), ends, strict=False):
        if len(np.unique(classes[(place >= start) & (place < end)])) < 2:
            return False
    return True


def _plan(
    time: Time | None,
    parts: Batches | None,
    found: Sequence[str],
    ends: Sequence[int],
    counts: np.ndarray,
) -> WindowPlan:
    train, valid, test = (
        (found[start], found[end - 1]) for start, end in zip((0, *ends), ends, strict=False)
    )
    rows = [int(part.sum()) for part in np.split(counts, list(ends))]
    return WindowPlan(
        time,
        parts,
        Windows(train, valid, test, (found[ends[-1]],)),
        dict(zip(("train", "valid", "test", "production"), rows, strict=True)),
        int(np.median(counts[ends[-1] :])),
    )
