"""The three kinds of column, each with what it learned and how it becomes numbers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.errors import LonghaulError
from longhaul.features.formats import blank, clock, missing, number, numbers, text, texts, times

MOST_LEVELS = 254  # with the shared code of the others, all that a tree's histogram can tell apart

# Each part of a date, and after how many days it starts again.
_CYCLES = {"minute_of_day": 1.0, "day_of_week": 7.0, "day_of_year": 365.25}
_DAY_PARTS = {
    "minute_of_day": lambda time: time.hour * 60 + time.minute,
    "day_of_week": lambda time: time.weekday(),
    "day_of_year": lambda time: time.timetuple().tm_yday,
}
_AS_IT_IS = {int, float, type(None)}
_LEVEL = {str, type(None)}
_NUMERIC = {"boolean", "integer", "floating", "mixed-integer-float", "decimal", "empty"}


class ColumnEncoder(Protocol):
    """A column of the table that becomes one or more columns of the matrix."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """Of the table's column."""

    @property
    def names(self) -> list[str]:
        """Of the k columns that it becomes."""

    def transform(self, column: pd.Series) -> np.ndarray:
        """Those columns: float32 of shape (n, k), NaN where missing."""

    def encode(self, values: Sequence[Any]) -> list[Sequence[float | None]]:
        """The same k columns of plain Python values, without pandas: k sequences of length n.

        Missing is None or NaN. What is returned equals what `transform` makes of a column of
        type object with these values, once it is rounded to float32.
        """

    def one(self, value: Any) -> Sequence[float | None]:
        """What `encode` makes of a single value: k numbers."""

    def plain(self) -> dict[str, Any]:
        """Kind, name and all that was learned, as JSON knows it."""


@dataclass(frozen=True)
class Number:
    """A number, kept as it is."""

    name: str
    kind: ClassVar[str] = "number"

    @property
    def names(self) -> list[str]:
        """The column's own name."""
        return [self.name]

    def transform(self, column: pd.Series) -> np.ndarray:
        """The numbers: float32 of shape (n, 1)."""
        return numbers(column)[:, np.newaxis]

    def encode(self, values: Sequence[Any]) -> list[Sequence[float | None]]:
        """The numbers themselves; see `Column.encode`."""
        if _AS_IT_IS.issuperset(map(type, values)):
            return [values]
        return [[number(value) for value in values]]

    def one(self, value: Any) -> Sequence[float | None]:
        """The number itself; see `Column.one`."""
        return (value if type(value) in _AS_IT_IS else number(value),)

    def plain(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class Category:
    """A category: its code is its rank by frequency; all that are rare or unseen share one.

    Attributes
    ----------
    levels : tuple of str
        The categories with a code of their own, most frequent first, ties by name.
    """

    name: str
    levels: tuple[str, ...]
    kind: ClassVar[str] = "category"

    @classmethod
    def fit(cls, column: pd.Series, min_count: int) -> "Category":
        """Count the categories of a column."""
        indices, found = texts(column)
        counts = np.bincount(indices[indices >= 0], minlength=len(found))
        ranked = sorted((-int(n), level) for n, level in zip(counts, found, strict=True))
        ranked = [(n, level) for n, level in ranked if not blank(level)]
        kept = [level for negative, level in ranked if -negative >= min_count]
        return cls(str(column.name), tuple(kept[:MOST_LEVELS]))

    @property
    def names(self) -> list[str]:
        """The column's own name."""
        return [self.name]

    def transform(self, column: pd.Series) -> np.ndarray:
        """The codes: float32 of shape (n, 1)."""
        indices, found = texts(column)
        codes = [self._code(level) for level in found]
        # the last one is where the index of a missing value, -1, points
        return np.array([*codes, np.nan], dtype=np.float32)[indices][:, np.newaxis]

    def encode(self, values: Sequence[Any]) -> list[Sequence[float | None]]:
        """The codes; see `Column.encode`."""
        if not _LEVEL.issuperset(map(type, values)):
            values = [None if missing(value) else text(value) for value in values]
        codes, rare = self._codes, self._rare
        return [[codes[value] if value in codes else rare(value) for value in values]]

    def one(self, value: Any) -> Sequence[float | None]:
        """The code; see `Column.one`."""
        if type(value) in _LEVEL:
            return (self._code(value),)
        return self.encode([value])[0]

    def _code(self, level: str | None) -> float:
        codes = self._codes
        return codes[level] if level in codes else self._rare(level)

    def _rare(self, level: str | None) -> float:
        """Of a text that is no level as it is written: blanks around it say nothing."""
        bare = (level or "").strip()
        if blank(bare):
            return np.nan
        return self._codes.get(bare, len(self.levels))

    @cached_property
    def _codes(self) -> dict[str | None, float]:
        return {None: np.nan, **{level: code for code, level in enumerate(self.levels)}}

    def plain(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class Date:
    """A time, as those parts of it whose cycle the training rows cover at least twice.

    From less than two years, what is learned about a month cannot be told from what happened to
    happen in it; a model that extrapolates it is worse than one that never saw it.

    Attributes
    ----------
    parts : tuple of str
        Of minute_of_day (0 to 1439), day_of_week (Monday is 0) and day_of_year (1 to 366).
    """

    name: str
    parts: tuple[str, ...]
    kind: ClassVar[str] = "date"

    @classmethod
    def fit(cls, column: pd.Series) -> "Date":
        """See which cycles the column covers twice."""
        seen = times(column).dropna()
        days = 0.0 if seen.empty else (seen.max() - seen.min()) / pd.Timedelta(days=1)
        # two weeks of dates lie 13 days apart
        parts = tuple(part for part, cycle in _CYCLES.items() if days >= 2 * cycle - 1)
        return cls(str(column.name), parts)

    @property
    def names(self) -> list[str]:
        """The column's name with that of each part."""
        return [f"{self.name}.{part}" for part in self.parts]

    def transform(self, column: pd.Series) -> np.ndarray:
        """The parts: float32 of shape (n, k)."""
        from_dict = times(column).dt
        matrix = np.empty((len(column), len(self.parts)), dtype=np.float32)
        for i, part in enumerate(self.parts):
            matrix[:, i] = _part(from_dict, part)
        return matrix

    def encode(self, values: Sequence[Any]) -> list[Sequence[float | None]]:
        """The parts; see `Column.encode`."""
        try:
            from_dict = {value: clock(value) for value in set(values)}
        except ValueError:  # some of it is spelt in a rarer way, which pandas may know
            matrix = self.transform(pd.Series(values, dtype=object))
            return list(matrix.astype(float).T)
        found: list[Sequence[float | None]] = []
        for part in self.parts:
            of = _DAY_PARTS[part]
            known = {value: None if time is None else of(time) for value, time in from_dict.items()}
            found.append([known[value] for value in values])
        return found

    def one(self, value: Any) -> Sequence[float | None]:
        """The parts; see `Column.one`."""
        return [values[0] for values in self.encode([value])]

    def plain(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {"kind": self.kind, **asdict(self)}


def fit(column: pd.Series, min_count: int) -> ColumnEncoder:
    """Decide the kind of a column by what it holds, and learn what that kind needs."""
    if types.is_datetime64_any_dtype(column):
        return Date.fit(column)
    if types.is_numeric_dtype(column):
        return Number(str(column.name))
    if types.is_object_dtype(column):
        held = types.infer_dtype(column, skipna=True)
        if held in _NUMERIC:
            return Number(str(column.name))
        if held.startswith("date"):
            return Date.fit(column)
    return Category.fit(column, min_count)


def from_dict(plain: dict[str, Any]) -> ColumnEncoder:
    """The column that `plain` describes.

    Raises
    ------
    LonghaulError
        When its kind is none of the three.
    """
    match plain:
        case {"kind": "number", "name": name}:
            return Number(name)
        case {"kind": "category", "name": name, "levels": levels}:
            return Category(name, tuple(levels))
        case {"kind": "date", "name": name, "parts": parts}:
            return Date(name, tuple(parts))
    raise LonghaulError(f"encoder: cannot read the column {plain!r}")


def _part(read: Any, part: str) -> pd.Series:
    """One part of each time, `read` being the datetime accessor of a column."""
    if part == "minute_of_day":
        return from_dict.hour * 60 + from_dict.minute
    return getattr(from_dict, part)
