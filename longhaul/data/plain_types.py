"""Plain types of columns: numbers, booleans, times or texts, from any type of pandas."""

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.errors import LonghaulError
from longhaul.features.formats import text
from longhaul.features.number_inference import EXACT

_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty"}
_TIMES = {"date", "datetime", "datetime64"}


def to_plain_type(column: pd.Series) -> pd.Series:
    """Convert to numbers, booleans, times (with their zone, if they have one) or texts.

    Whole numbers beyond 2^53 become texts, which keep them exact.

    Raises
    ------
    LonghaulError
        When it holds values that are neither numbers, texts nor times.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if types.is_datetime64_any_dtype(column):
        return column
    if types.is_timedelta64_dtype(column):
        return column.dt.total_seconds()
    if types.is_integer_dtype(column) and _large(column):
        return column.astype(object).map(str, na_action="ignore").astype("str")
    if types.is_extension_array_dtype(column) and types.is_numeric_dtype(column):
        code = bool if types.is_bool_dtype(column) else column.dtype.kind
        return column.astype(np.dtype("float64" if column.isna().any() else _wide(str(code))))
    if types.is_bool_dtype(column) or types.is_numeric_dtype(column):
        return column.abs() if types.is_complex_dtype(column) else column
    if isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.start_time
    if types.is_object_dtype(column):
        return _objects(column)
    return column.astype("str")


def _wide(code: str) -> str:
    return {"i": "int64", "u": "uint64", "f": "float64"}.get(code, "bool")


def _large(column: pd.Series) -> bool:
    """Return whether a column has whole numbers that floats do not keep."""
    low, high = column.min(), column.max()
    return bool(pd.notna(high) and (int(high) > EXACT or int(low) < -EXACT))


def _objects(column: pd.Series) -> pd.Series:
    """Convert Python objects: of one type to that type, of several to text."""
    held = types.infer_dtype(column, skipna=True)
    if held in _NUMBERS:
        if held in {"integer", "decimal"} and _exceeds(column):
            return column.map(_exact, na_action="ignore").astype("str")
        return column.astype(float)
    if held in _TIMES:
        return _times(column)
    containers = [
        held for held in column.dropna() if isinstance(held, list | dict | set | tuple | np.ndarray)
    ]
    if containers:
        raise LonghaulError(
            f"column {column.name!r} holds {type(containers[0]).__name__}s, such as"
            f" {str(containers[0])[:60]}; a column must be numbers, text or times: leave it out, or"
            " make columns of its parts"
        )
    decoded = column.map(
        lambda held: held.decode("utf-8", "replace") if isinstance(held, bytes) else held
    )
    return decoded.map(text, na_action="ignore").astype("str")


def _exceeds(column: pd.Series) -> bool:
    present = column.dropna()
    return any(abs(value) > EXACT and value == int(value) for value in present if value == value)


def _exact(value: object) -> str:
    """Return the text of a whole number or a decimal, without an exponent."""
    return f"{value:f}" if not isinstance(value, int) else str(value)


def _times(column: pd.Series) -> pd.Series:
    """Convert dates and times; where some have an offset from UTC, all are in UTC."""
    aware = [value for value in column.dropna() if getattr(value, "tzinfo", None) is not None]
    if not aware:
        return pd.to_datetime(column, errors="coerce")
    first = aware[0].tzinfo
    return pd.to_datetime(column, errors="coerce", utc=True).dt.tz_convert(first)
