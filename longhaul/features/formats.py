"""Columns read as numbers, texts or times, whatever they come as, one value at a time.

What becomes of a value never depends on the other rows: a service that sees one row, and a batch
that sees a million, read the same. What cannot be read is missing.
"""

import re
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

# Texts that stand for no value, in lower case; of a number, some more do.
BLANK = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "<na>"})
NO_NUMBER = BLANK | {"?", "-", "--", ".", "none", "missing", "unknown"}

_TRUTH = {"true": 1.0, "false": 0.0}
# As people write them: with a sign, a currency, commas between thousands, or a percent sign.
_WRITTEN = re.compile(
    r"([+-]?)[$€£]?\s?([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?)\s?%?", re.ASCII
)

_DATE = r"\d{4}-?\d\d"
# From 1700 to 2199: what lies beyond may not fit pandas' nanoseconds.
_USUAL = re.compile(
    r"(?:1[7-9]|2[01])\d\d-\d\d-\d\d"
    r"(?:[T ]\d\d:\d\d(?::[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?)?)?",
    re.ASCII,
)
_OFFSET = r"(:\d\d(?:\.\d+)?)\s*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$"


def numbers(column: pd.Series) -> np.ndarray:
    """Numbers, booleans, and texts of numbers, as float32 of shape (n,); missing is NaN.

    What is not finite in float32 is missing.
    """
    if types.is_numeric_dtype(column):
        wide = column.to_numpy(dtype=np.float64, na_value=np.nan)
    elif types.is_object_dtype(column):
        wide = np.array([number(value) for value in column], dtype=np.float64)
    else:
        indices, found = pd.factorize(column)
        wide = np.array([*map(number, found), np.nan])[indices]
    return narrow(wide)


def narrow(wide: np.ndarray) -> np.ndarray:
    """Numbers as float32, C-contiguous; NaN where they are not finite in it."""
    with np.errstate(over="ignore"):
        values = wide.astype(np.float32, order="C")
    values[~np.isfinite(values)] = np.nan
    return values


def number(value: Any) -> float:
    """The number that a value is or spells, else NaN.

    As people write them, too: ``$1,200``, ``12 %`` (which is 12), ``true`` (which is 1).
    """
    try:
        return float(value)
    except (TypeError, OverflowError):
        return np.nan
    except ValueError:
        return _written(value) if isinstance(value, str) else np.nan


def _written(value: str) -> float:
    """The number in a text that is not plainly one."""
    bare = value.strip()
    found = _WRITTEN.fullmatch(bare)
    if found and any(map(str.isdigit, bare)):
        return float(f"{found[1]}{found[2].replace(',', '')}")
    return _TRUTH.get(bare.lower(), np.nan)


def texts(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The column as indices into its different texts.

    A number stands for its shortest text, so that 3 and 3.0 are both ``"3"``.

    Returns
    -------
    indices : ndarray of int, shape (n,)
        -1 where the value is missing.
    levels : ndarray of str, shape (k,)
    """
    if types.is_object_dtype(column):  # True and 1 hash alike there: read each for itself
        column = column.map(text, na_action="ignore").astype("str")
    indices, found = pd.factorize(column)
    return indices, np.array([text(value) for value in found], dtype=object)


def text(value: Any) -> str:
    """The text that a value of a category goes by."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return str(value)


def blank(value: str) -> bool:
    """Whether a text stands for no value: nothing but spaces, or such as ``NA``."""
    return value.strip().lower() in BLANK


def missing(value: Any) -> bool:
    """Whether one of JSON's plain values is none: null, or a number that is not one."""
    return value is None or value != value


def clock(value: Any) -> datetime | None:
    """The time that an ISO 8601 text spells in the usual way, to the minute; None for no text.

    What the clock on the wall shows: an offset from UTC is dropped.

    Raises
    ------
    ValueError
        When it is spelt in a rarer way, or no time at all: see `times`.
    """
    if not isinstance(value, str):
        return None
    if not _USUAL.fullmatch(value):
        raise ValueError(value)
    return datetime.fromisoformat(value[:16])


def times(column: pd.Series) -> pd.Series:
    """Times, and ISO 8601 texts of them, as naive datetimes: what the clock on the wall shows.

    An offset from UTC is dropped, not applied: schedules are local.
    """
    if types.is_datetime64_any_dtype(column):
        return column.dt.tz_localize(None)
    if types.is_numeric_dtype(column):
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[ns]")
    if types.is_object_dtype(column):
        column = column.where(np.array([isinstance(value, str | date) for value in column], bool))
    indices, found = texts(column)
    spelt = pd.Series(found, dtype="str").str.replace(_OFFSET, r"\1", regex=True)
    spelt = spelt.where(spelt.str.match(_DATE))  # pandas would read "now", too
    read = pd.to_datetime(spelt, format="ISO8601", errors="coerce")
    return read.reindex(indices).set_axis(column.index)
