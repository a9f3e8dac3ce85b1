"""Values to predict that are present and cannot be read in their column's format."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.features.column_format import CATEGORY, DATE, NUMBER, ColumnFormat
from longhaul.features.formats import time

_EXAMPLES = 3
_LARGEST = 3.4028235677973366e38  # the smallest number that is infinite as float32
_NUMBERS = frozenset({int, float, bool, type(None)})
_TEXTS = frozenset({str, type(None)})
_CONTAINERS = (list, tuple, dict, set, np.ndarray, bytes)
_LONGEST = 40


@dataclass(frozen=True)
class UnreadValues:
    """Values that cannot be read.

    Attributes
    ----------
    count : int
    examples : tuple of str
        Row, column, shape and what is expected, of the first few.
    """

    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        more = f" and {self.count - len(self.examples)} more" if self.count > _EXAMPLES else ""
        return f"cannot be read: {'; '.join(self.examples)}{more}"


def examine(
    forms: Mapping[str, ColumnFormat], table: Mapping[str, Sequence[Any]]
) -> tuple[UnreadValues | None, dict[str, Sequence[Any]]]:
    """Find the values that cannot be read, and convert texts of numbers and times.

    Parameters
    ----------
    forms : mapping of str to ColumnFormat
        The format of each column.
    table : mapping of str to sequence of length n
        The rows as they were sent, column by column.

    Returns
    -------
    UnreadValues or None
        None where every value is read.
    dict
        The rows as they were read, for the prediction log: numbers, and times in ISO 8601.
    """
    read = dict(table)
    unread: list[tuple[int, str, Any]] = []
    for name, form in forms.items():
        values = table.get(name)
        if values is None or _plain(values, form):
            continue
        converted = [_convert(value, form) for value in values]
        read[name] = converted
        unread += [
            (row, name, value)
            for row, (value, result) in enumerate(zip(values, converted, strict=True))
            if result is None and not _is_gap(value, form)
        ]
    return _summarize(unread, forms), read


def examine_frame(forms: Mapping[str, ColumnFormat], frame: pd.DataFrame) -> UnreadValues | None:
    """Find the values of a data frame that cannot be read; None where every value is.

    Parameters
    ----------
    forms : mapping of str to ColumnFormat
        The format of each column.
    frame : DataFrame of n rows
    """
    unread = [
        (int(row), name, frame[name].iloc[row])
        for name, form in forms.items()
        if name in frame.columns
        for row in np.flatnonzero(_is_unread(frame[name], form))
    ]
    return _summarize(unread, forms)


def _is_unread(column: pd.Series, form: ColumnFormat) -> np.ndarray:
    """Return whether each value is present and cannot be read: bool of shape (n,)."""
    if form.column_type == DATE and types.is_datetime64_any_dtype(column):
        return np.zeros(len(column), dtype=bool)
    if form.column_type == NUMBER and types.is_numeric_dtype(column):
        wide = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return (np.abs(wide) >= _LARGEST) & ~np.isin(wide, list(form.blank_numbers))
    present = column.notna().to_numpy()
    if types.is_object_dtype(column):  # it may hold lists, which have no hash
        codes, levels = (
            np.arange(len(column)),
            [
                value if is_present else None
                for value, is_present in zip(column.tolist(), present, strict=True)
            ],
        )
    else:
        codes, distinct = pd.factorize(column)
        levels = list(distinct)
    odd = [_convert(level, form) is None and not _is_gap(level, form) for level in levels]
    return np.array([*odd, False], dtype=bool)[codes]


def _plain(values: Sequence[Any], form: ColumnFormat) -> bool:
    """Return whether a column has only numbers where they are due, or texts, or nothing."""
    if form.column_type == CATEGORY:
        return _TEXTS.issuperset(map(type, values))
    if form.column_type == DATE or form.blank or not _NUMBERS.issuperset(map(type, values)):
        return False
    return all(value is None or -_LARGEST < value < _LARGEST for value in values)


def _convert(value: Any, form: ColumnFormat) -> Any:
    """Convert a value to a number or to a time in ISO 8601; None if it is neither.

    A category may be any text, number or truth value.
    """
    if value is None or isinstance(value, _CONTAINERS) or form.column_type == CATEGORY:
        return None if isinstance(value, _CONTAINERS) else value
    if form.column_type == DATE:
        moment = time(value, form)
        return None if moment is None else moment.isoformat()
    number = form.number_of(value)
    return number if number is not None and -_LARGEST < number < _LARGEST else None


def _is_gap(value: Any, form: ColumnFormat) -> bool:
    """Return whether a value is missing; a list and the like is not."""
    return not isinstance(value, _CONTAINERS) and form.is_missing(value)


def _summarize(
    unread: Sequence[tuple[int, str, Any]], forms: Mapping[str, ColumnFormat]
) -> UnreadValues | None:
    if not unread:
        return None
    first = sorted(unread, key=lambda value: value[0])[:_EXAMPLES]
    return UnreadValues(len(unread), tuple(_describe(first, forms)))


def _describe(
    unread: Iterable[tuple[int, str, Any]], forms: Mapping[str, ColumnFormat]
) -> Iterator[str]:
    for row, name, value in unread:
        yield f"row {row}, column {name!r}: {shape(value)}, expected {forms[name].expected}"


def shape(value: Any) -> str:
    """Describe a value without telling it: digits become 9, letters a or A."""
    if not isinstance(value, str):
        return f"a {type(value).__name__}"
    bare = re.sub(r"[^\W\d_]", lambda match: "A" if match[0].isupper() else "a", value)
    bare = "".join(character for character in re.sub(r"\d", "9", bare) if character.isprintable())
    return f"a text like {bare[:_LONGEST]!r}"
