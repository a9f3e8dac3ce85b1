"""Conversion of columns of any type to numbers, texts or times, one value at a time.

A value is converted regardless of the other rows, so that a service with one row and a batch with
a million read the same. A value that cannot be read is missing.
"""

import re
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

# Texts that mean a missing value, in lower case; in a number column, some more do.
BLANK = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "<na>"})
NO_NUMBER = BLANK | {"?", "-", "--", ".", "none", "missing", "unknown"}

_TRUTH = {"true": 1.0, "false": 0.0}
# Numbers with a sign, a currency, commas between thousands, or a percent sign.
_WRITTEN = re.compile(
    r"([+-]?)[$€£]?\s?([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?)\s?%?", re.ASCII
)

_DATE = r"\d{4}-?\d\d"
# From 1700 to 2199: other years may not fit pandas' nanoseconds.
_COMMON_TIME = re.compile(
    r"(?:1[7-9]|2[01])\d\d-\d\d-\d\d"
    r"(?:[T ]\d\d:\d\d(?::[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?)?)?",
    re.ASCII,
)
_OFFSET = r"(:\d\d(?:\.\d+)?)\s*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$"


def numbers(column: pd.Series) -> np.ndarray:
    """Convert numbers, booleans and texts of numbers to float32 of shape (n,); missing is NaN.

    A number that is not finite in float32 is missing.
    """
    if types.is_numeric_dtype(column):
        wide = column.to_numpy(dtype=np.float64, na_value=np.nan)
    elif types.is_object_dtype(column):
        wide = np.array([number(value) for value in column], dtype=np.float64)
    else:
        indices, distinct = pd.factorize(column)
        wide = np.array([*map(number, distinct), np.nan])[indices]
    return to_float32(wide)


def to_float32(wide: np.ndarray) -> np.ndarray:
    """Convert to float32, C-contiguous; NaN where a number is not finite in it."""
    with np.errstate(over="ignore"):
        values = wide.astype(np.float32, order="C")
    values[~np.isfinite(values)] = np.nan
    return values


def number(value: Any) -> float:
    """Convert a value to a number; NaN if it is none.

    Also reads ``$1,200``, ``12 %`` (which is 12) and ``true`` (which is 1).
    """
    try:
        return float(value)
    except (TypeError, OverflowError):
        return np.nan
    except ValueError:
        return _written(value) if isinstance(value, str) else np.nan


def _written(value: str) -> float:
    """Read a number that `float` cannot read, such as one with a currency."""
    bare = value.strip()
    match = _WRITTEN.fullmatch(bare)
    if match and any(map(str.isdigit, bare)):
        return float(f"{match[1]}{match[2].replace(',', '')}")
    return _TRUTH.get(bare.lower(), np.nan)


def texts(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Convert a column to texts, as indices into the distinct ones.

    A number becomes its shortest text, so that 3 and 3.0 are both ``"3"``.

    Returns
    -------
    indices : ndarray of int, shape (n,)
        -1 where the value is missing.
    levels : ndarray of str, shape (k,)
    """
    if types.is_object_dtype(column):  # True and 1 have one hash: convert before factorizing
        column = column.map(text, na_action="ignore").astype("str")
    indices, distinct = pd.factorize(column)
    return indices, np.array([text(value) for value in distinct], dtype=object)


def text(value: Any) -> str:
    """Convert a value of a category to text."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return str(value)


def is_blank(value: str) -> bool:
    """Return whether a text means a missing value: spaces only, or a word such as ``NA``."""
    return value.strip().lower() in BLANK


def is_missing(value: Any) -> bool:
    """Return whether a JSON value is missing: null or NaN."""
    return value is None or value != value


def iso_time(value: Any) -> datetime | None:
    """Read a time in a common ISO 8601 format, to the minute; None if the value is no text.

    The local time is returned: an offset from UTC is dropped.

    Raises
    ------
    ValueError
        When it has a rarer format, or is no time at all: see `times`.
    """
    if not isinstance(value, str):
        return None
    if not _COMMON_TIME.fullmatch(value):
        raise ValueError(value)
    return datetime.fromisoformat(value[:16])


def times(column: pd.Series) -> pd.Series:
    """Convert times, and ISO 8601 texts of times, to naive local datetimes.

    An offset from UTC is dropped, not applied: schedules are local.
    """
    if types.is_datetime64_any_dtype(column):
        return column.dt.tz_localize(None)
    if types.is_numeric_dtype(column):
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[ns]")
    if types.is_object_dtype(column):
        column = column.where(np.array([isinstance(value, str | date) for value in column], bool))
    indices, distinct = texts(column)
    spelt = pd.Series(distinct, dtype="str").str.replace(_OFFSET, r"\1", regex=True)
    spelt = spelt.where(spelt.str.match(_DATE))  # pandas would read "now", too
    moments = pd.to_datetime(spelt, format="ISO8601", errors="coerce")
    return moments.reindex(indices).set_axis(column.index)
