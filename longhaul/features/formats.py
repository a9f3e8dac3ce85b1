"""Conversion of columns of any type to numbers, texts or times, one value at a time.

A value is converted regardless of the other rows, so that a service with one row and a batch with
a million read the same. A value that cannot be read is missing.
"""

import re
from contextlib import suppress
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.features import time_zone
from longhaul.features.column_format import DATE, NUMBER, ColumnFormat
from longhaul.features.date_format import ISO

_GAP = np.datetime64("NaT", "us")
_PLAIN_NUMBER, _PLAIN_DATE = ColumnFormat(NUMBER), ColumnFormat(DATE)
# From 1700 to 2199, to the minute: the commonest spelling, which the library reads by itself.
_COMMON_TIME = re.compile(
    r"(?:1[7-9]|2[01])\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::[0-5]\d(?:\.\d{1,6})?)?)?", re.ASCII
)


def numbers(column: pd.Series, form: ColumnFormat = _PLAIN_NUMBER) -> np.ndarray:
    """Convert numbers, booleans and texts of numbers to float32 of shape (n,); missing is NaN.

    A number that is not finite in float32 is missing.
    """
    if types.is_numeric_dtype(column):
        wide = column.to_numpy(dtype=np.float64, na_value=np.nan)
    elif types.is_object_dtype(column):
        wide = np.array([number(value, form) for value in column], dtype=np.float64)
    else:
        indices, distinct = pd.factorize(column)
        wide = np.array([*(number(value, form) for value in distinct), np.nan])[indices]
    if form.blank:
        wide = np.where(np.isin(wide, list(form.blank_numbers)), np.nan, wide)
    return to_float32(wide)


def to_float32(wide: np.ndarray) -> np.ndarray:
    """Convert to float32, C-contiguous; NaN where a number is not finite in it."""
    with np.errstate(over="ignore"):
        values = wide.astype(np.float32, order="C")
    values[~np.isfinite(values)] = np.nan
    return values


def number(value: Any, form: ColumnFormat = _PLAIN_NUMBER) -> float:
    """Convert a value to a number; NaN if it is none.

    Without a format, ``$1,200``, ``12 %`` (which is 12) and ``true`` (which is 1) are read, too.
    """
    read = form.number_of(value)
    return np.nan if read is None else read


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


def is_missing(value: Any) -> bool:
    """Return whether a JSON value is missing: null or NaN."""
    return value is None or value != value


def time(value: Any, form: ColumnFormat = _PLAIN_DATE) -> datetime | None:
    """Convert a value to a time; None if it is none."""
    if isinstance(value, str) and _COMMON_TIME.fullmatch(value) and form.date.spellings[0] == ISO:
        with suppress(ValueError):  # such as 24:00, the end of a day
            return datetime.fromisoformat(value)
    return form.time_of(value)


def times(column: pd.Series, form: ColumnFormat = _PLAIN_DATE) -> pd.Series:
    """Convert times, texts of times and numbers since 1970 to naive local datetimes.

    An offset from UTC is converted to the format's zone; without one it is dropped.
    """
    if types.is_datetime64_any_dtype(column):
        aware = column.dt.tz is not None and form.date.zone
        moved = column.dt.tz_convert(time_zone.zone(form.date.zone)) if aware else column
        return moved.dt.tz_localize(None)
    if types.is_bool_dtype(column):
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
    if types.is_object_dtype(column):  # True and 1 have one hash: convert before factorizing
        moments = [_micros(value, form) for value in column]
        return pd.Series(moments, index=column.index, dtype="datetime64[us]")
    indices, distinct = pd.factorize(column)
    read = [*(_micros(value, form) for value in distinct), _GAP]
    return pd.Series(np.array(read, dtype="datetime64[us]")[indices], index=column.index)


def _micros(value: Any, form: ColumnFormat) -> np.datetime64:
    moment = None if value is None or value is pd.NaT or value is pd.NA else time(value, form)
    return _GAP if moment is None else np.datetime64(moment, "us")
