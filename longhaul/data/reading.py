"""What a column holds: numbers, categories or times, however they are written."""

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
class Read:
    """A column as numbers, texts or times.

    Attributes
    ----------
    column : Series of n rows
    unfit : Series of object
        What could not be read, by its index in `column`, where it is missing.
    """

    column: pd.Series
    unfit: pd.Series


def read(column: pd.Series, declared: str = "") -> Read:
    """Read a column as it is declared, or by what it holds.

    Texts are numbers if all of them are, blanks aside, and none has leading zeros; times if all
    are ISO 8601; else categories.

    Parameters
    ----------
    column : Series of n rows
    declared : str
        ``number``, ``category``, ``date``, ``date`` and a format; empty: by what it holds.

    Raises
    ------
    LonghaulError
        When it holds what is neither number, text nor time.
    """
    column = _simple(column)
    kind, _, form = declared.partition(" ")
    if kind == NUMBER:
        return _numbers(column)
    if kind == CATEGORY:
        return Read(_texts(column), _nothing())
    if kind == DATE:
        return _times(column, form)
    if not types.is_string_dtype(column):
        return Read(column, _nothing())
    for attempt in (_numbers, _times):
        found = None if attempt is _numbers and _coded(column) else attempt(column)
        if found is not None and found.unfit.empty and found.column.notna().any():
            return found
    return Read(_texts(column), _nothing())


def _simple(column: pd.Series) -> pd.Series:
    """The column in one of pandas' plain types: numbers, booleans, times without zone, or text."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if types.is_datetime64_any_dtype(column):
        return column.dt.tz_localize(None)
    if types.is_timedelta64_dtype(column):
        return column.dt.total_seconds()
    if types.is_extension_array_dtype(column) and types.is_numeric_dtype(column):
        kind = bool if types.is_bool_dtype(column) else column.dtype.kind
        return column.astype(np.dtype("float64" if column.isna().any() else _wide(str(kind))))
    if types.is_bool_dtype(column) or types.is_numeric_dtype(column):
        return column.abs() if types.is_complex_dtype(column) else column
    if isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.start_time
    if types.is_object_dtype(column):
        return _objects(column)
    return column.astype("str")


def _wide(kind: str) -> str:
    return {"i": "int64", "u": "uint64", "f": "float64"}.get(kind, "bool")


def _objects(column: pd.Series) -> pd.Series:
    """Python objects: of one type as they are, of several as text."""
    held = types.infer_dtype(column, skipna=True)
    if held in {"integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty"}:
        return column.astype(float)
    if held in {"date", "datetime", "datetime64"}:
        return pd.to_datetime(column, errors="coerce", utc=True).dt.tz_localize(None)
    strange = [
        one for one in column.dropna() if isinstance(one, list | dict | set | tuple | np.ndarray)
    ]
    if strange:
        raise LonghaulError(
            f"column {column.name!r} holds {type(strange[0]).__name__}s, such as"
            f" {str(strange[0])[:60]}; a column must be numbers, text or times: leave it out, or"
            " make columns of its parts"
        )
    decoded = column.map(
        lambda one: one.decode("utf-8", "replace") if isinstance(one, bytes) else one
    )
    return decoded.map(text, na_action="ignore").astype("str")


def _texts(column: pd.Series) -> pd.Series:
    """Texts without blanks around them; those that say nothing are missing."""
    if not types.is_string_dtype(column):
        return column.map(text, na_action="ignore").astype("str")
    codes, levels = pd.factorize(column)
    bare = pd.Series([one.strip() for one in levels], dtype="str")
    bare = bare.mask(bare.str.lower().isin(BLANK))
    found = bare.reindex(codes).set_axis(column.index).astype("str")
    found.name = column.name
    return found


def _numbers(column: pd.Series) -> Read:
    if types.is_datetime64_any_dtype(column):
        return Read(
            pd.Series(np.nan, column.index, name=column.name), column.dropna().astype(object)
        )
    if not types.is_string_dtype(column):
        return Read(column, _nothing())
    try:  # what is plainly written is read at once
        plain = pc.cast(pa.array(column, pa.string(), from_pandas=True), pa.float64())
        values = plain.to_numpy(zero_copy_only=False)
        return Read(_whole(pd.Series(values, column.index, name=column.name)), _nothing())
    except pa.ArrowInvalid:
        pass
    codes, found = pd.factorize(column)
    values = np.array([*map(number, found), np.nan])
    spoken = np.array([one.strip().lower() not in NO_NUMBER for one in found] + [False])
    unfit = (np.isnan(values) & spoken)[codes]
    read = pd.Series(values[codes], column.index, name=column.name)
    return Read(_whole(read), column[unfit].astype(object))


def _whole(column: pd.Series) -> pd.Series:
    """Whole numbers as such, where none is missing and all are exact."""
    values = column.to_numpy()
    if len(values) and np.isfinite(values).all() and (np.abs(values) < 2**53).all():
        whole = values.astype(np.int64)
        if (whole == values).all():
            return pd.Series(whole, column.index, name=column.name)
    return column


def _times(column: pd.Series, form: str = "") -> Read:
    if types.is_datetime64_any_dtype(column):
        return Read(column, _nothing())
    written = _texts(column)
    if form:
        read = pd.to_datetime(written, format=form, errors="coerce")
    else:
        first = written.dropna().head(20)
        if len(first) and not first.str.match(_ISO).all():
            return Read(_no_times(column), written.dropna().astype(object))
        read = times(written)
    read = read.dt.tz_localize(None) if read.dt.tz is not None else read
    read.name = column.name
    return Read(read, written[read.isna() & written.notna()].astype(object))


def _no_times(column: pd.Series) -> pd.Series:
    """A column of times of which none is known."""
    return pd.Series(pd.NaT, column.index, dtype="datetime64[ns]", name=column.name)


def _coded(column: pd.Series) -> bool:
    found = pc.match_substring_regex(pa.array(column, pa.string(), from_pandas=True), _CODE)
    return bool(pc.any(found).as_py())


def _nothing() -> pd.Series:
    return pd.Series(dtype=object)


def loose(column: pd.Series) -> Read:
    """Read a column that nobody looks at: whatever it holds is text."""
    try:
        return read(column)
    except LonghaulError:
        return Read(column.map(str, na_action="ignore").astype("str"), _nothing())
