"""Periods, by labels that sort in order of time and can name a file.

Where nothing says when a row came to be, a period is a batch: see `longhaul.data.batches`.
"""

from typing import Literal, get_args

import pandas as pd

from longhaul.problem import BATCH, Problem

Length = Literal["day", "week", "month", "quarter", "year", "batch"]

# How strftime writes the label of each; a week is that of ISO 8601.
_BATCH = "batch-"
_FORMATS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}


def of(frame: pd.DataFrame, problem: Problem) -> pd.Series:
    """The period of each row of a problem's table: Series of str, n rows."""
    if problem.time is None:
        return frame[BATCH].astype("str")
    return labels(frame[problem.time.column], problem.time.period)


def batch(number: int) -> str:
    """The label of a batch, such as ``batch-0007``."""
    return f"{_BATCH}{number:04d}"


def plural(length: str) -> str:
    """Several periods of this length."""
    return "batches" if length == "batch" else f"{length}s"


def labels(times: pd.Series, length: Length) -> pd.Series:
    """The period of each time.

    Parameters
    ----------
    times : Series of datetime64, n rows
        Without missing values.
    length : str

    Returns
    -------
    Series of str, n rows
        Such as ``2013-01-31``, ``2013-W05``, ``2013-01``, ``2013-Q1`` or ``2013``.
    """
    # Formatting a date is slow and a table has few different days.
    days, found = pd.factorize(times.dt.normalize())
    return (
        pd.Series([_label(day, length) for day in found], dtype="str")
        .take(days)
        .set_axis(times.index)
    )


def step(label: str) -> int:
    """A period as the step of a metric: its digits, so that ``2013-07`` is 201307."""
    return int("".join(character for character in label if character.isdigit()))


def is_label(text: str, length: str) -> bool:
    """Whether a text is the label of a period of this length, exactly as `labels` writes it."""
    try:
        if length == "batch":
            return batch(_number(text)) == text
        return _label(_start(text), length) == text
    except ValueError:
        return False


def example(length: str) -> str:
    """A label of this length, for the reader to follow."""
    return batch(0) if length == "batch" else _label(pd.Timestamp(2013, 1, 31), length)


def end(label: str) -> pd.Timestamp:
    """The moment at which a period is over.

    A batch has none; it gets one all the same, a day for each, so that batches have an order.
    """
    if label.startswith(_BATCH):
        return pd.Timestamp(0) + pd.Timedelta(days=_number(label) + 1)
    return _start(label) + _length(label)


def shift(label: str, by: int) -> str:
    """The label of the period so many periods later, or earlier."""
    if label.startswith(_BATCH):
        return batch(_number(label) + by)
    length = next(one for one in get_args(Length) if is_label(label, one))
    return _label(_start(label) + by * _length(label), length)


def _number(label: str) -> int:
    """Of a batch."""
    return int(label.removeprefix(_BATCH))


def _label(day: pd.Timestamp, length: str) -> str:
    if length == "quarter":
        return f"{day.year}-Q{day.quarter}"
    return day.strftime(_FORMATS[length])


def _start(label: str) -> pd.Timestamp:
    year, _, rest = label.partition("-")
    if rest.startswith("W"):
        return pd.Timestamp.fromisocalendar(int(year), int(rest[1:]), 1)
    if rest.startswith("Q"):
        return pd.Timestamp(int(year), 3 * int(rest[1:]) - 2, 1)
    return pd.Timestamp(label)


def _length(label: str) -> pd.DateOffset:
    _, _, rest = label.partition("-")
    if rest.startswith("W"):
        return pd.DateOffset(weeks=1)
    if rest.startswith("Q"):
        return pd.DateOffset(months=3)
    if not rest:
        return pd.DateOffset(years=1)
    return pd.DateOffset(days=1) if "-" in rest else pd.DateOffset(months=1)
