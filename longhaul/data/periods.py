"""Labels of periods: they sort in order of time and can name a file.

Where a table has no time column, a period is a batch: see `longhaul.data.batches`.
"""

from typing import Literal, get_args

import pandas as pd

from longhaul.errors import LonghaulError
from longhaul.problem import BATCH, Problem

Length = Literal["hour", "day", "week", "month", "quarter", "year", "batch"]

# How strftime writes the label of each; a week is that of ISO 8601.
_BATCH = "batch-"
_FORMATS = {
    "hour": "%Y-%m-%dT%H",
    "day": "%Y-%m-%d",
    "week": "%G-W%V",
    "month": "%Y-%m",
    "year": "%Y",
}


def of(frame: pd.DataFrame, problem: Problem) -> pd.Series:
    """Return the period of each row of a problem's table: Series of str, n rows."""
    if problem.time is None:
        return frame[BATCH].astype("str")
    return labels(frame[problem.time.column], problem.time.period)


def select(labels: list[str], window: tuple[str, str], name: str) -> list[str]:
    """Select the periods that lie in a window.

    Parameters
    ----------
    labels : list of str
        The periods that a table has, in order of time.
    window : (str, str)
        First and last period.
    name : str
        Of the window, for the error.

    Raises
    ------
    LonghaulError
        When there are none: an empty window.
    """
    first, last = window
    chosen = [label for label in labels if first <= label <= last]
    if not chosen:
        available = f"{labels[0]} to {labels[-1]}" if labels else "no periods at all"
        raise LonghaulError(
            f"windows.{name}: no rows from {first} to {last}; the table has {available}"
        )
    return chosen


def batch(number: int) -> str:
    """Return the label of a batch, such as ``batch-0007``."""
    return f"{_BATCH}{number:04d}"


def plural(length: str) -> str:
    """Return the plural of a length of periods, such as ``months``."""
    return "batches" if length == "batch" else f"{length}s"


def singular(length: str) -> str:
    """Return the name of a length of periods with its article, such as ``an hour``."""
    return f"an {length}" if length == "hour" else f"a {length}"


def labels(times: pd.Series, length: Length) -> pd.Series:
    """Return the period of each time.

    Parameters
    ----------
    times : Series of datetime64, n rows
        Without missing values.
    length : str

    Returns
    -------
    Series of str, n rows
        Such as ``2013-01-31T14``, ``2013-01-31``, ``2013-W05``, ``2013-01``, ``2013-Q1`` or
        ``2013``.
    """
    # Formatting a date is slow and a table has few different days, or hours.
    codes, starts = pd.factorize(times.dt.floor("h" if length == "hour" else "D"))
    return (
        pd.Series([_label(start, length) for start in starts], dtype="str")
        .take(codes)
        .set_axis(times.index)
    )


def step(label: str) -> int:
    """Convert a period to the step of a metric: its digits, such as 201307 for ``2013-07``."""
    return int("".join(character for character in label if character.isdigit()))


def is_label(text: str, length: str) -> bool:
    """Return whether a text is the label of a period of this length, as `labels` writes it."""
    try:
        if length == "batch":
            return batch(_number(text)) == text
        return _label(_start(text), length) == text
    except ValueError:
        return False


def example(length: str) -> str:
    """Return a label of this length, as an example for an error."""
    return batch(0) if length == "batch" else _label(pd.Timestamp(2013, 1, 31), length)


def start(label: str) -> pd.Timestamp:
    """Return the start of a period; see `end` for batches."""
    return end(label) - pd.Timedelta(days=1) if label.startswith(_BATCH) else _start(label)


def end(label: str) -> pd.Timestamp:
    """Return the end of a period.

    A batch has none; it gets one all the same, a day for each batch, so that they have an order.
    """
    if label.startswith(_BATCH):
        return pd.Timestamp(0) + pd.Timedelta(days=_number(label) + 1)
    return _start(label) + _length(label)


def day_count(label: str) -> int:
    """Return how many days a period lasts; 1 for an hour, and for a batch, see `end`.

    Raises
    ------
    ValueError
        When it is not the label of a period.
    """
    if label.startswith(_BATCH):
        return 1
    return max(1, (end(label) - _start(label)).days)


def middle(label: str) -> pd.Timestamp:
    """Return the middle of a period; see `end` for batches.

    Raises
    ------
    ValueError
        When it is not the label of a period.
    """
    if label.startswith(_BATCH):
        return end(label) - pd.Timedelta(hours=12)
    start = _start(label)
    return start + (start + _length(label) - start) / 2


def length_of(label: str) -> str:
    """Return the length of a period, such as ``month``; empty where it is not a label."""
    lengths = (length for length in get_args(Length) if is_label(label, length))
    return next(lengths, "")


def weekday(label: str) -> str:
    """Return the day of the week of a day, such as ``Saturday``; empty for other periods."""
    return _start(label).day_name() if is_label(label, "day") else ""


def shift(label: str, by: int) -> str:
    """Return the label of the period so many periods later, or earlier."""
    if label.startswith(_BATCH):
        return batch(_number(label) + by)
    return _label(_start(label) + by * _length(label), length_of(label))


def _number(label: str) -> int:
    """Return the number of a batch."""
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
    if "T" in rest:
        return pd.DateOffset(hours=1)
    return pd.DateOffset(days=1) if "-" in rest else pd.DateOffset(months=1)
