"""Reading of a column in its format, however its values are written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api import types

from longhaul.data import time_parts
from longhaul.data.column_inference import Conventions, InferredFormat, infer
from longhaul.data.plain_types import to_plain_type
from longhaul.errors import LonghaulError
from longhaul.features import column_format, time_zone
from longhaul.features.column_format import CATEGORY, DATE, NUMBER, ColumnFormat
from longhaul.features.date_format import ISO
from longhaul.features.formats import text
from longhaul.features.number_format import core

__all__ = ["CATEGORY", "DATE", "NUMBER", "ReadColumn", "read", "read_leniently"]

# The commonest spelling of ISO 8601, from 1700 to 2199, which pandas reads as the grammar does.
_COMMON = (
    r"^(?:1[7-9]|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-5][0-9](?:\.[0-9]{1,6})?)?)?$"
)


@dataclass(frozen=True)
class ReadColumn:
    """Column that was read as numbers, texts or times.

    Attributes
    ----------
    column : Series of n rows
    unfit : Series of object
        The values that could not be read, by their index in `column`, where they are missing.
    form : ColumnFormat
        The format that it was read in.
    notes : tuple of str
        What was assumed, where the format was inferred.
    """

    column: pd.Series
    unfit: pd.Series
    form: ColumnFormat
    notes: tuple[str, ...] = field(default=())


def read(
    column: pd.Series, declared: str = "", conventions: Conventions | None = None
) -> ReadColumn:
    """Read a column as it is declared, or by its values.

    Parameters
    ----------
    column : Series of n rows
    declared : str
        See `longhaul.features.column_format`; empty: inferred from all values.
    conventions : Conventions
        Of the table, for what the values do not say.

    Raises
    ------
    LonghaulError
        When it holds values that are neither numbers, texts nor times.
    """
    plain = to_plain_type(column)
    if declared:
        inferred = InferredFormat(column_format.parse(declared))
    else:
        inferred = infer(column, conventions or Conventions())
    form = inferred.form
    reading = {NUMBER: _numbers, CATEGORY: _texts, DATE: _times}[form.column_type]
    values, unfit = reading(plain, form)
    values.name = column.name
    return ReadColumn(values, unfit, form, inferred.notes)


def _texts(column: pd.Series, form: ColumnFormat) -> tuple[pd.Series, pd.Series]:
    """Strip texts; blanks and their like become missing."""
    if types.is_datetime64_any_dtype(column):
        column = column.dt.tz_localize(None)
    if not types.is_string_dtype(column):
        column = column.map(text, na_action="ignore").astype("str")
    codes, levels = pd.factorize(column)
    bare = pd.Series([level.strip() for level in levels], dtype="str")
    bare = bare.mask(np.array([form.is_blank(level) for level in bare], dtype=bool))
    return bare.reindex(codes).set_axis(column.index).astype("str"), _nothing()


def _numbers(column: pd.Series, form: ColumnFormat) -> tuple[pd.Series, pd.Series]:
    if types.is_datetime64_any_dtype(column):
        gaps = pd.Series(np.nan, column.index)
        return gaps, column.dropna().astype(object)
    if not types.is_string_dtype(column):
        blank = column.isin(form.blank_numbers) if form.blank_numbers else None
        return (column if blank is None or not blank.any() else column.mask(blank)), _nothing()
    written = pa.array(column, pa.string(), from_pandas=True)
    plain = pc.fill_null(pc.match_substring_regex(written, _simple(form)), False)
    values = _cast(pc.if_else(plain, written, None), form)
    if np.isinf(values).any():  # such as 1e400: what is no float is not read
        plain = pc.and_(plain, pa.array(~np.isinf(values)))
        values[np.isinf(values)] = np.nan
    values[np.isin(values, list(form.blank_numbers))] = np.nan
    rest = pd.Series(np.asarray(pc.invert(plain)), column.index) & column.notna()
    unfit = _nothing()
    if rest.any():
        values[rest.to_numpy()], unfit = _each(
            column[rest], form, lambda level: form.number_of(level), np.nan
        )
    return _to_integers(pd.Series(values, column.index)), unfit


def _simple(form: ColumnFormat) -> str:
    """Return the pattern of numbers without currency and unit, for Arrow."""
    return f"^-?{core(form.number.group, form.number.decimal)}$"


def _cast(written: pa.Array, form: ColumnFormat) -> np.ndarray:
    """Convert numbers without currency and unit at once."""
    if form.number.group:
        written = pc.replace_substring(written, form.number.group, "")
    if form.number.decimal != ".":
        written = pc.replace_substring(written, form.number.decimal, ".")
    return np.array(pc.cast(written, pa.float64()).to_numpy(zero_copy_only=False))


def _each(
    column: pd.Series, form: ColumnFormat, convert: Callable[[Any], Any], gap: Any
) -> tuple[np.ndarray, pd.Series]:
    """Convert each different value once; return the values, and those that are none."""
    codes, levels = pd.factorize(column)
    read = [convert(level) for level in levels]
    odd = np.array(
        [
            value is None and not (isinstance(level, str) and form.is_blank(level))
            for value, level in zip(read, levels, strict=True)
        ],
        dtype=bool,
    )
    values = np.array([gap if value is None else value for value in read])
    return values[codes], column[odd[codes]].astype(object)


def _to_integers(column: pd.Series) -> pd.Series:
    """Convert to integers, where none is missing and all are exact."""
    values = column.to_numpy()
    if len(values) and np.isfinite(values).all() and (np.abs(values) < 2**53).all():
        integers = values.astype(np.int64)
        if (integers == values).all():
            return pd.Series(integers, column.index)
    return column


def _times(column: pd.Series, form: ColumnFormat) -> tuple[pd.Series, pd.Series]:
    if types.is_datetime64_any_dtype(column):
        return _clock(column, form.date.zone), _nothing()
    values = np.full(len(column), np.datetime64("NaT"), dtype="datetime64[us]")
    rest = column.notna().to_numpy(copy=True)
    dashed = any(spelling.startswith("%Y-") for spelling in form.date.spellings)
    if types.is_string_dtype(column) and ISO in form.date.spellings and not dashed:
        written = pa.array(column, pa.string(), from_pandas=True)
        common = np.asarray(pc.fill_null(pc.match_substring_regex(written, _COMMON), False))
        codes, levels = pd.factorize(column[common])
        parsed = pd.to_datetime(pd.Series(levels, dtype="str"), format="ISO8601", errors="coerce")
        values[common] = parsed.to_numpy(dtype="datetime64[us]")[codes]
        rest &= np.isnat(values)
    if types.is_bool_dtype(column):
        return pd.Series(values, column.index), column.astype(object)
    if types.is_string_dtype(column):
        codes, levels = pd.factorize(column[rest])
        moments = time_parts.read(levels.tolist(), form.date)
        if moments is not None:
            values[rest] = moments[codes]
            rest &= np.isnat(values)
    unfit = _nothing()
    if rest.any():
        gap = np.datetime64("NaT", "us")
        clocks, unfit = _each(column[rest], form, lambda level: _micros(form, level), gap)
        values[rest] = clocks.astype("datetime64[us]")
    return pd.Series(values, column.index), unfit


def _micros(form: ColumnFormat, value: Any) -> np.datetime64 | None:
    moment = form.time_of(value)
    return None if moment is None else np.datetime64(moment, "us")


def _clock(column: pd.Series, zone: str) -> pd.Series:
    """Convert times to the clock of a zone; without one, to the clock that they show."""
    if column.dt.tz is None:
        return column
    moved = column.dt.tz_convert(time_zone.zone(zone)) if zone else column
    return moved.dt.tz_localize(None)


def _nothing() -> pd.Series:
    return pd.Series(dtype=object)


def read_leniently(column: pd.Series, declared: str = "") -> ReadColumn:
    """Read a column that is not used; where it cannot be read, its values become text."""
    try:
        return read(column, declared)
    except LonghaulError:
        texts = column.map(str, na_action="ignore").astype("str")
        return ReadColumn(texts, _nothing(), ColumnFormat(CATEGORY))
