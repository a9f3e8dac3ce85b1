"""Summaries of columns, to check rows against a contract; summaries of parts add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types

NUMBER, CATEGORY, DATE = "number", "category", "date"
EXAMPLES = 5


@dataclass(frozen=True)
class ColumnSummary:
    """Counts of a column.

    Attributes
    ----------
    column_type : {"number", "category", "date"}
    dtype : str
        Of pandas.
    rows, missing : int
        All, and those without a value.
    low, high : float or None
        Of the finite numbers; None where there are none.
    levels : mapping of str to int
        The rows of each category, in order of appearance.
    examples : list
        The first few different values.
    """

    column_type: str
    dtype: str
    rows: int
    missing: int
    low: float | None
    high: float | None
    levels: Mapping[str, int]
    examples: list[Any]

    @classmethod
    def of(cls, column: pd.Series) -> Self:
        """Count a column."""
        type_, present = column_type(column), column.dropna()
        low = high = None
        levels: dict[str, int] = {}
        if type_ == NUMBER:
            values = present.to_numpy(dtype=float)
            finite = values[np.isfinite(values)]
            if len(finite):
                low, high = float(finite.min()), float(finite.max())
        if type_ == CATEGORY:
            codes, names = pd.factorize(present.astype(str))
            counts = np.bincount(codes, minlength=len(names)).tolist()
            levels = dict(zip(map(str, names), counts, strict=True))
        examples = present.unique()[:EXAMPLES].tolist()
        missing = len(column) - len(present)
        return cls(type_, str(column.dtype), len(column), missing, low, high, levels, examples)

    def __add__(self, other: "ColumnSummary") -> "ColumnSummary":
        # A part without values does not tell the type; nor, of booleans with gaps, does a part
        # without gaps.
        empty = self.missing == self.rows
        main = (
            other
            if empty or (other.column_type == CATEGORY and other.missing < other.rows)
            else self
        )
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        levels = dict(self.levels)
        for level, count in other.levels.items():
            levels[level] = levels.get(level, 0) + count
        return ColumnSummary(
            main.column_type,
            main.dtype,
            self.rows + other.rows,
            self.missing + other.missing,
            min(lows, default=None),
            max(highs, default=None),
            levels,
            list(dict.fromkeys([*self.examples, *other.examples]))[:EXAMPLES],
        )


@dataclass(frozen=True)
class Summary:
    """Counts of some rows, column by column."""

    rows: int
    columns: Mapping[str, ColumnSummary]

    @classmethod
    def of(cls, frame: pd.DataFrame, names: Sequence[str]) -> Self:
        """Count the columns `names`, as far as the frame has them."""
        return cls(
            len(frame),
            {name: ColumnSummary.of(frame[name]) for name in names if name in frame.columns},
        )

    def __add__(self, other: "Summary") -> "Summary":
        sums = {name: column + other.columns[name] for name, column in self.columns.items()}
        return Summary(self.rows + other.rows, sums)


def column_type(column: pd.Series) -> str:
    """Return the type of a column's values, by its pandas type."""
    if types.is_datetime64_any_dtype(column):
        return DATE
    return NUMBER if types.is_numeric_dtype(column) else CATEGORY
