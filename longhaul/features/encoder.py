"""Encoder of a table into one matrix of numbers, the same in training, scoring and serving."""

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
from longhaul.features.formats import number, to_float32

FORMAT = 1


@dataclass(frozen=True)
class Encoder:
    """Fitted encoders of all features; `transform` uses nothing else.

    Attributes
    ----------
    columns : tuple of ColumnEncoder
        In the order of the features.
    """

    columns: tuple[ColumnEncoder, ...]

    @classmethod
    def fit(
        cls,
        frame: pd.DataFrame,
        features: Iterable[str],
        min_count: int = 10,
        forms: Mapping[str, str] | None = None,
    ) -> Self:
        """Choose and fit the encoder of each feature.

        Parameters
        ----------
        frame : DataFrame of n rows
        features : iterable of str
            Names of columns of `frame`.
        min_count : int
            A level with fewer rows shares the code of rare and unseen levels.
        forms : mapping of str to str, optional
            The formats that values of some columns come in; see `longhaul.features.column_format`.
        """
        declared = forms or {}
        return cls(
            tuple(columns.fit(frame[name], min_count, declared.get(name, "")) for name in features)
        )

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Encode the rows of a table.

        Parameters
        ----------
        frame : DataFrame of n rows
            A feature without a column is missing in every row; other columns are ignored.

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
        """Encode rows of plain Python values, as `transform` does but without pandas.

        For a single row of JSON, this takes about a hundredth of the time of a DataFrame.

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
            Equal, bit for bit, to the `transform` of columns of type object.
        """
        flat = self._encode_one(table) if count == 1 else self._encode_many(table, count)
        try:
            wide = np.array(flat, dtype=np.float64)
        except OverflowError:  # an integer beyond all floats
            wide = np.array([number(value) for value in flat])
        return to_float32(wide.reshape(-1, count).T)

    def _encode_one(self, table: Mapping[str, Sequence[Any]]) -> list[float | None]:
        """Encode a single row: p features."""
        row: list[float | None] = []
        for column in self.columns:
            values = table.get(column.name)
            row += column.encode_one(values[0]) if values else [None] * len(column.names)
        return row

    def _encode_many(self, table: Mapping[str, Sequence[Any]], count: int) -> list[float | None]:
        """Encode all rows: p features, one after the other."""
        gaps = [None] * count
        encoded: list[Sequence[float | None]] = []
        for column in self.columns:
            if column.name in table:
                encoded += column.encode(table[column.name])
            else:
                encoded += [gaps] * len(column.names)
        return list(chain.from_iterable(encoded))

    @property
    def features(self) -> list[str]:
        """The names of the table's columns that are encoded."""
        return [column.name for column in self.columns]

    @cached_property
    def names(self) -> list[str]:
        """The names of the matrix's p columns."""
        return [name for column in self.columns for name in column.names]

    @cached_property
    def sources(self) -> list[int]:
        """The index into `features` of each of the p columns."""
        return [i for i, column in enumerate(self.columns) for _ in column.names]

    @property
    def categorical(self) -> list[int]:
        """The indices of the matrix columns that hold codes of categories."""
        return [i for i, k in enumerate(self.sources) if self.columns[k].column_type == "category"]

    def to_json(self) -> str:
        """Serialise the fitted encoders, for `from_json` to read back."""
        learned = [column.to_dict() for column in self.columns]
        return json.dumps({"format": FORMAT, "columns": learned}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, state: str) -> Self:
        """Restore an encoder from the text of `to_json`.

        Raises
        ------
        LonghaulError
            When the text has another format version.
        """
        learned: dict[str, Any] = json.loads(state)
        if learned.get("format") != FORMAT:
            raise LonghaulError(
                f"encoder: its format is {learned.get('format')!r}, but this code reads {FORMAT}; "
                "use the version of Longhaul that wrote it, or train again"
            )
        return cls(tuple(columns.from_dict(column) for column in learned["columns"]))
