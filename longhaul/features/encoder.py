"""A table's columns as one matrix of numbers, the same in training, scoring and serving."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Self

import numpy as np
import pandas as pd

from longhaul.errors import LonghaulError
from longhaul.features import columns
from longhaul.features.columns import ColumnEncoder
from longhaul.features.formats import narrow, number

FORMAT = 1


@dataclass(frozen=True)
class Encoder:
    """What was learned of each feature's column; `transform` uses nothing else.

    Attributes
    ----------
    columns : tuple of Column
        In the order of the features.
    """

    columns: tuple[ColumnEncoder, ...]

    @classmethod
    def fit(cls, frame: pd.DataFrame, features: Iterable[str], min_count: int = 10) -> Self:
        """Learn the kind of each feature, and its categories.

        Parameters
        ----------
        frame : DataFrame of n rows
        features : iterable of str
            Names of columns of `frame`.
        min_count : int
            A category with fewer rows shares the code of all that are rare or never seen.
        """
        return cls(tuple(columns.fit(frame[name], min_count) for name in features))

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """The features of each row.

        Parameters
        ----------
        frame : DataFrame of n rows
            A feature that has no column in it is missing in every row; other columns are ignored.

        Returns
        -------
        ndarray of float32, shape (n, p), C-contiguous
            NaN is a missing value. Row i depends on nothing but row i of `frame`.
        """
        matrix = np.full((len(frame), len(self.names)), np.nan, dtype=np.float32)
        start = 0
        for column in self.columns:
            end = start + len(column.names)
            if column.name in frame.columns:
                matrix[:, start:end] = column.transform(frame[column.name])
            start = end
        return matrix

    def encode(self, table: Mapping[str, Sequence[Any]], count: int) -> np.ndarray:
        """The features of rows given as plain Python values: as `transform`, without pandas.

        Reading a row of JSON in this way takes some hundredth of the time that a DataFrame of one
        row takes.

        Parameters
        ----------
        table : mapping of str to sequence of length n
            Column by column, of None, bool, int, float or str. A feature without a column is
            missing in every row; other columns are ignored.
        count : int
            n, at least 1.

        Returns
        -------
        ndarray of float32, shape (n, p), C-contiguous
            Equal, bit for bit, to what `transform` makes of columns of type object.
        """
        flat = self._one(table) if count == 1 else self._many(table, count)
        try:
            wide = np.array(flat, dtype=np.float64)
        except OverflowError:  # an integer beyond all floats
            wide = np.array([number(value) for value in flat])
        return narrow(wide.reshape(-1, count).T)

    def _one(self, table: Mapping[str, Sequence[Any]]) -> list[float | None]:
        """The p features of a single row."""
        found: list[float | None] = []
        for column in self.columns:
            values = table.get(column.name)
            found += column.one(values[0]) if values else [None] * len(column.names)
        return found

    def _many(self, table: Mapping[str, Sequence[Any]], count: int) -> list[float | None]:
        """The p features of all rows, one feature after the other."""
        gaps = [None] * count
        found: list[Sequence[float | None]] = []
        for column in self.columns:
            if column.name in table:
                found += column.encode(table[column.name])
            else:
                found += [gaps] * len(column.names)
        return list(chain.from_iterable(found))

    @property
    def features(self) -> list[str]:
        """The names of the table's columns that it reads."""
        return [column.name for column in self.columns]

    @cached_property
    def names(self) -> list[str]:
        """The names of the matrix's p columns."""
        return [name for column in self.columns for name in column.names]

    @cached_property
    def sources(self) -> list[int]:
        """For each of the p columns, which of `features` it comes from."""
        return [i for i, column in enumerate(self.columns) for _ in column.names]

    @property
    def categorical(self) -> list[int]:
        """Which of the p columns hold codes of categories, not numbers."""
        return [i for i, k in enumerate(self.sources) if self.columns[k].kind == "category"]

    def to_json(self) -> str:
        """All that was learned, as text that `from_json` reads back."""
        learned = [column.plain() for column in self.columns]
        return json.dumps({"format": FORMAT, "columns": learned}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, state: str) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        LonghaulError
            When it is of another format.
        """
        learned: dict[str, Any] = json.loads(state)
        if learned.get("format") != FORMAT:
            raise LonghaulError(
                f"encoder: its format is {learned.get('format')!r}, but this code reads {FORMAT}; "
                "use the version of Longhaul that wrote it, or train again"
            )
        return cls(tuple(columns.from_dict(column) for column in learned["columns"]))
