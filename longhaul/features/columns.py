"""Encoders of number, category and date columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.errors import LonghaulError
from longhaul.features import column_format
from longhaul.features.column_format import CATEGORY, DATE, NUMBER, ColumnFormat
from longhaul.features.formats import is_missing, number, numbers, text, texts, time, times

_NUMBER, _CATEGORY, _DATE = map(ColumnFormat, (NUMBER, CATEGORY, DATE))

MAX_LEVELS = 254  # one less than the bins of a tree's histogram: the other levels share one

# The cycle of each part of a date, in days.
_CYCLES = {"minute_of_day": 1.0, "day_of_week": 7.0, "day_of_year": 365.25}
_DAY_PARTS = {
    "minute_of_day": lambda time: time.hour * 60 + time.minute,
    "day_of_week": lambda time: time.weekday(),
    "day_of_year": lambda time: time.timetuple().tm_yday,
}
_NUMBERS = {int, float, type(None)}
_TEXTS = {str, type(None)}
_NUMERIC = {"boolean", "integer", "floating", "mixed-integer-float", "decimal", "empty"}


class ColumnEncoder(Protocol):
    """Encoder of a column of the table into one or more columns of the matrix."""

    column_type: ClassVar[str]

    @property
    def name(self) -> str:
        """The name of the table's column."""

    @property
    def form(self) -> ColumnFormat:
        """The format that values are read in."""

    @property
    def names(self) -> list[str]:
        """The names of the k columns of the matrix."""

    def transform(self, column: pd.Series) -> np.ndarray:
        """Encode a column: float32 of shape (n, k), NaN where missing."""

    def encode(self, values: Sequence[Any]) -> list[Sequence[float | None]]:
        """Encode plain Python values, without pandas: k sequences of length n.

        Missing is None or NaN. Rounded to float32, the values equal those of `transform` of a
        column of type object.
        """

    def encode_one(self, value: Any) -> Sequence[float | None]:
        """Encode a single value, as `encode` does: k numbers."""

    def to_dict(self) -> dict[str, Any]:
        """Return the column type, the name and the fitted state, for JSON."""


@dataclass(frozen=True)
class Number:
    """Encoder of a number, which is kept as it is."""

    name: str
    form: ColumnFormat = _NUMBER
    column_type: ClassVar[str] = NUMBER

    @property
    def names(self) -> list[str]:
        """The name of the column."""
        return [self.name]

    def transform(self, column: pd.Series) -> np.ndarray:
        """Convert to numbers: float32 of shape (n, 1)."""
        return numbers(column, self.form)[:, np.newaxis]

    def encode(self, values: Sequence[Any]) -> list[Sequence[float | None]]:
        """Convert to numbers; see `ColumnEncoder.encode`."""
        if not self.form.blank and _NUMBERS.issuperset(map(type, values)):
            return [values]
        return [[number(value, self.form) for value in values]]

    def encode_one(self, value: Any) -> Sequence[float | None]:
        """Convert to a number; see `ColumnEncoder.encode_one`."""
        plain = not self.form.blank and type(value) in _NUMBERS
        return (value if plain else number(value, self.form),)

    def to_dict(self) -> dict[str, Any]:
        """Return the column type, the name and the fitted state, for JSON."""
        return {"kind": self.column_type, "name": self.name, "format": str(self.form)}


@dataclass(frozen=True)
class Category:
    """Encoder of a category: codes are ranks by frequency; rare and unseen levels share one.

    Attributes
    ----------
    levels : tuple of str
        The levels with a code of their own, most frequent first, ties by name.
    """

    name: str
    levels: tuple[str, ...]
    form: ColumnFormat = _CATEGORY
    column_type: ClassVar[str] = CATEGORY

    @classmethod
    def fit(cls, column: pd.Series, min_count: int, form: ColumnFormat = _CATEGORY) -> "Category":
        """Count the levels of a column, and keep the frequent ones."""
        indices, levels = texts(column)
        counts = np.bincount(indices[indices >= 0], minlength=len(levels))
        ranked = sorted((-int(n), level) for n, level in zip(counts, levels, strict=True))
        ranked = [(n, level) for n, level in ranked if not form.is_blank(level)]
        kept = [level for negative, level in ranked if -negative >= min_count]
        return cls(str(column.name), tuple(kept[:MAX_LEVELS]), form)

    @property
    def names(self) -> list[str]:
        """The name of the column."""
        return [self.name]

    def transform(self, column: pd.Series) -> np.ndarray:
        """Convert to codes: float32 of shape (n, 1)."""
        indices, levels = texts(column)
        codes = [self._code(level) for level in levels]
        # the index of a missing value is -1, which points at the last code
        return np.array([*codes, np.nan], dtype=np.float32)[indices][:, np.newaxis]

    def encode(self, values: Sequence[Any]) -> list[Sequence[float | None]]:
        """Convert to codes; see `ColumnEncoder.encode`."""
        if not _TEXTS.issuperset(map(type, values)):
            values = [None if is_missing(value) else text(value) for value in values]
        codes, rare = self._codes, self._rare
        return [[codes[value] if value in codes else rare(value) for value in values]]

    def encode_one(self, value: Any) -> Sequence[float | None]:
        """Convert to a code; see `ColumnEncoder.encode_one`."""
        if type(value) in _TEXTS:
            return (self._code(value),)
        return self.encode([value])[0]

    def _code(self, level: str | None) -> float:
        codes = self._codes
        return codes[level] if level in codes else self._rare(level)

    def _rare(self, level: str | None) -> float:
        """Return the code of a text that is no level as written; surrounding blanks are ignored."""
        bare = (level or "").strip()
        if self.form.is_blank(bare):
            return np.nan
        return self._codes.get(bare, len(self.levels))

    @cached_property
    def _codes(self) -> dict[str | None, float]:
        return {None: np.nan, **{level: code for code, level in enumerate(self.levels)}}

    def to_dict(self) -> dict[str, Any]:
        """Return the column type, the name and the fitted state, for JSON."""
        return {
            "kind": self.column_type,
            "name": self.name,
            "levels": list(self.levels),
            "format": str(self.form),
        }


@dataclass(frozen=True)
class Date:
    """Encoder of a time into cyclic parts, such as the day of the week.

    Only parts with a cycle that the training rows cover twice are used. With less than two years,
    the effect of a month cannot be told from chance events in that month; a model that
    extrapolates it is worse than a model without it.

    Attributes
    ----------
    parts : tuple of str
        Some of minute_of_day (0 to 1439), day_of_week (Monday is 0) and day_of_year (1 to 366).
    """

    name: str
    parts: tuple[str, ...]
    form: ColumnFormat = _DATE
    column_type: ClassVar[str] = DATE

    @classmethod
    def fit(cls, column: pd.Series, form: ColumnFormat = _DATE) -> "Date":
        """Choose the parts with a cycle that the column covers twice."""
        seen = times(column, form).dropna()
        days = 0.0 if seen.empty else (seen.max() - seen.min()) / pd.Timedelta(days=1)
        # two weeks of dates lie 13 days apart
        parts = tuple(part for part, cycle in _CYCLES.items() if days >= 2 * cycle - 1)
        return cls(str(column.name), parts, form)

    @property
    def names(self) -> list[str]:
        """The names of the parts, each after the column's name."""
        return [f"{self.name}.{part}" for part in self.parts]

    def transform(self, column: pd.Series) -> np.ndarray:
        """Convert to parts: float32 of shape (n, k)."""
        accessor = times(column, self.form).dt
        matrix = np.empty((len(column), len(self.parts)), dtype=np.float32)
        for i, part in enumerate(self.parts):
            matrix[:, i] = _part(accessor, part)
        return matrix

    def encode(self, values: Sequence[Any]) -> list[Sequence[float | None]]:
        """Convert to parts; see `ColumnEncoder.encode`."""
        # True and 1 are equal: the type tells them apart
        keys = [(type(value), value) for value in values]
        moments = {key: time(key[1], self.form) for key in set(keys)}
        encoded: list[Sequence[float | None]] = []
        for part in self.parts:
            extract = _DAY_PARTS[part]
            parts = {k: None if t is None else extract(t) for k, t in moments.items()}
            encoded.append([parts[key] for key in keys])
        return encoded

    def encode_one(self, value: Any) -> Sequence[float | None]:
        """Convert to parts; see `ColumnEncoder.encode_one`."""
        return [values[0] for values in self.encode([value])]

    def to_dict(self) -> dict[str, Any]:
        """Return the column type, the name and the fitted state, for JSON."""
        return {
            "kind": self.column_type,
            "name": self.name,
            "parts": list(self.parts),
            "format": str(self.form),
        }


def fit(column: pd.Series, min_count: int, form: str = "") -> ColumnEncoder:
    """Choose the encoder of a column by its values, and fit it.

    Parameters
    ----------
    column : Series of n rows
        Already read.
    min_count : int
        See `longhaul.features.encoder.Encoder.fit`.
    form : str
        The format that values come in later, if it is of the same type; see
        `longhaul.features.column_format`.
    """
    name, column_type = str(column.name), _type(column)
    declared = column_format.parse(form or column_type)
    chosen = declared if declared.column_type == column_type else ColumnFormat(column_type)
    if column_type == NUMBER:
        return Number(name, chosen)
    return (
        Date.fit(column, chosen) if column_type == DATE else Category.fit(column, min_count, chosen)
    )


def _type(column: pd.Series) -> str:
    """Return the type of a column by what it holds."""
    if types.is_datetime64_any_dtype(column):
        return DATE
    if types.is_numeric_dtype(column):
        return NUMBER
    if types.is_object_dtype(column):
        inferred = types.infer_dtype(column, skipna=True)
        if inferred in _NUMERIC:
            return NUMBER
        if inferred.startswith("date"):
            return DATE
    return CATEGORY


def from_dict(state: dict[str, Any]) -> ColumnEncoder:
    """Restore an encoder from the dictionary of its `to_dict`; older ones have no format.

    Raises
    ------
    LonghaulError
        When its type is unknown.
    """
    match state:
        case {"kind": "number", "name": name}:
            return Number(name, column_format.parse(state.get("format", NUMBER)))
        case {"kind": "category", "name": name, "levels": levels}:
            form = column_format.parse(state.get("format", CATEGORY))
            return Category(name, tuple(levels), form)
        case {"kind": "date", "name": name, "parts": parts}:
            return Date(name, tuple(parts), column_format.parse(state.get("format", DATE)))
    raise LonghaulError(
        f"encoder: cannot read the column {state!r}; use the version of Longhaul that wrote it, or"
        " train again"
    )


def _part(accessor: Any, part: str) -> pd.Series:
    """Extract a part of each time, from the datetime accessor of a column."""
    if part == "minute_of_day":
        return accessor.hour * 60 + accessor.minute
    return getattr(accessor, part)
