"""What is counted of rows to hold them against a contract; counts of parts add up."""

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
    """What was counted of a column.

    Attributes
    ----------
    kind : {"number", "category", "date"}
    type : str
        As pandas calls it.
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
    type: str
    rows: int
    missing: int
    low: float | None
    high: float | None
    levels: Mapping[str, int]
    examples: list[Any]

    @classmethod
    def of(cls, column: pd.Series) -> Self:
        """Count a column."""
        found, known = column_type(column), column.dropna()
        low = high = None
        levels: dict[str, int] = {}
        if found == NUMBER:
            values = known.to_numpy(dtype=float)
            finite = values[np.isfinite(values)]
            if len(finite):
                low, high = float(finite.min()), float(finite.max())
        if found == CATEGORY:
            codes, names = pd.factorize(known.astype(str))
            counts = np.bincount(codes, minlength=len(names)).tolist()
            levels = dict(zip(map(str, names), counts, strict=True))
        examples = known.unique()[:EXAMPLES].tolist()
        missing = len(column) - len(known)
        return cls(found, str(column.dtype), len(column), missing, low, high, levels, examples)

    def __add__(self, other: "ColumnSummary") -> "ColumnSummary":
        # A part without values says nothing of the kind; nor, of booleans with gaps, does one
        # without gaps.
        empty = self.missing == self.rows
        main = other if empty or (other.kind == CATEGORY and other.missing < other.rows) else self
        lows = [one for one in (self.low, other.low) if one is not None]
        highs = [one for one in (self.high, other.high) if one is not None]
        levels = dict(self.levels)
        for level, count in other.levels.items():
            levels[level] = levels.get(level, 0) + count
        return ColumnSummary(
            main.kind,
            main.type,
            self.rows + other.rows,
            self.missing + other.missing,
            min(lows, default=None),
            max(highs, default=None),
            levels,
            list(dict.fromkeys([*self.examples, *other.examples]))[:EXAMPLES],
        )


@dataclass(frozen=True)
class Summary:
    """What was counted of some rows, column by column."""

    rows: int
    columns: Mapping[str, ColumnSummary]

    @classmethod
    def of(cls, frame: pd.DataFrame, names: Sequence[str]) -> Self:
        """Count the columns of those `names` that are there."""
        return cls(
            len(frame), {name: ColumnSummary.of(frame[name]) for name in names if name in frame.columns}
        )

    def __add__(self, other: "Summary") -> "Summary":
        both = {name: one + other.columns[name] for name, one in self.columns.items()}
        return Summary(self.rows + other.rows, both)


def column_type(column: pd.Series) -> str:
    """What a column holds, by its type."""
    if types.is_datetime64_any_dtype(column):
        return DATE
    return NUMBER if types.is_numeric_dtype(column) else CATEGORY
