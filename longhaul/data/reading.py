"""Reading of a column as numbers, categories or times, however they are written."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api import types

from longhaul.errors import LonghaulError
from longhaul.features.formats import BLANK, NO_NUMBER, number, text, times

NUMBER, CATEGORY, DATE = "number", "category", "date"
_CODE = r"^[+-]?0[0-9]"  # 007 is no number: it would lose its zeros
_ISO = r"^\d{4}-?\d\d"


@dataclass(frozen=True)
class ReadColumn:
    """Column that was read as numbers, texts or times.

    Attributes
    ----------
    column : Series of n rows
    unfit : Series of object
        The values that could not be read, by their index in `column`, where they are missing.
    """

    column: pd.Series
    unfit: pd.Series


def read(column: pd.Series, declared: str = "") -> ReadColumn:
    """Read a column as it is declared, or by its values.

    Texts are numbers if all of them but blanks are, and none has leading zeros; times if all
    are ISO 8601; else categories.

    Parameters
    ----------
    column : Series of n rows
    declared : str
        ``number``, ``category``, ``date``, ``date`` and a format; empty: by its values.

    Raises
    ------
    LonghaulError
        When it holds values that are neither numbers, texts nor times.
    """
    column = _to_plain_type(column)
    column_type, _, form = declared.partition(" ")
    if column_type == NUMBER:
        return _numbers(column)
    if column_type == CATEGORY:
        return ReadColumn(_texts(column), _nothing())
    if column_type == DATE:
        return _times(column, form)
    if not types.is_string_dtype(column):
        return ReadColumn(column, _nothing())
    for attempt in (_numbers, _times):
        parsed = None if attempt is _numbers and _coded(column) else attempt(column)
        if parsed is not None and parsed.unfit.empty and parsed.column.notna().any():
            return parsed
    return ReadColumn(_texts(column), _nothing())


def _to_plain_type(column: pd.Series) -> pd.Series:
    """Convert to one of pandas' plain types: numbers, booleans, times without zone, or text."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if types.is_datetime64_any_dtype(column):
        return column.dt.tz_localize(None)
    if types.is_timedelta64_dtype(column):
        return column.dt.total_seconds()
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


def _objects(column: pd.Series) -> pd.Series:
    """Convert Python objects: of one type to that type, of several to text."""
    held = types.infer_dtype(column, skipna=True)
    if held in {"integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty"}:
        return column.astype(float)
    if held in {"date", "datetime", "datetime64"}:
        return pd.to_datetime(column, errors="coerce", utc=True).dt.tz_localize(None)
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


def _texts(column: pd.Series) -> pd.Series:
    """Strip texts; blanks and their like become missing."""
    if not types.is_string_dtype(column):
        return column.map(text, na_action="ignore").astype("str")
    codes, levels = pd.factorize(column)
    bare = pd.Series([level.strip() for level in levels], dtype="str")
    bare = bare.mask(bare.str.lower().isin(BLANK))
    texts = bare.reindex(codes).set_axis(column.index).astype("str")
    texts.name = column.name
    return texts


def _numbers(column: pd.Series) -> ReadColumn:
    if types.is_datetime64_any_dtype(column):
        return ReadColumn(
            pd.Series(np.nan, column.index, name=column.name), column.dropna().astype(object)
        )
    if not types.is_string_dtype(column):
        return ReadColumn(column, _nothing())
    try:  # numbers in plain notation are read at once
        plain = pc.cast(pa.array(column, pa.string(), from_pandas=True), pa.float64())
        values = plain.to_numpy(zero_copy_only=False)
        return ReadColumn(
            _to_integers(pd.Series(values, column.index, name=column.name)), _nothing()
        )
    except pa.ArrowInvalid:
        pass
    codes, levels = pd.factorize(column)
    values = np.array([*map(number, levels), np.nan])
    filled = np.array([level.strip().lower() not in NO_NUMBER for level in levels] + [False])
    unfit = (np.isnan(values) & filled)[codes]
    read = pd.Series(values[codes], column.index, name=column.name)
    return ReadColumn(_to_integers(read), column[unfit].astype(object))


def _to_integers(column: pd.Series) -> pd.Series:
    """Convert to integers, where none is missing and all are exact."""
    values = column.to_numpy()
    if len(values) and np.isfinite(values).all() and (np.abs(values) < 2**53).all():
        integers = values.astype(np.int64)
        if (integers == values).all():
            return pd.Series(integers, column.index, name=column.name)
    return column


def _times(column: pd.Series, form: str = "") -> ReadColumn:
    if types.is_datetime64_any_dtype(column):
        return ReadColumn(column, _nothing())
    written = _texts(column)
    if form:
        read = pd.to_datetime(written, format=form, errors="coerce")
    else:
        first = written.dropna().head(20)
        if len(first) and not first.str.match(_ISO).all():
            return ReadColumn(_no_times(column), written.dropna().astype(object))
        read = times(written)
    read = read.dt.tz_localize(None) if read.dt.tz is not None else read
    read.name = column.name
    return ReadColumn(read, written[read.isna() & written.notna()].astype(object))


def _no_times(column: pd.Series) -> pd.Series:
    """Return a column of times that are all missing."""
    return pd.Series(pd.NaT, column.index, dtype="datetime64[ns]", name=column.name)


def _coded(column: pd.Series) -> bool:
    matches = pc.match_substring_regex(pa.array(column, pa.string(), from_pandas=True), _CODE)
    return bool(pc.any(matches).as_py())


def _nothing() -> pd.Series:
    return pd.Series(dtype=object)


def read_leniently(column: pd.Series) -> ReadColumn:
    """Read a column that is not used; where it cannot be read, its values become text."""
    try:
        return read(column)
    except LonghaulError:
        return ReadColumn(column.map(str, na_action="ignore").astype("str"), _nothing())
