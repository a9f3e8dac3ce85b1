"""Forms of a source's columns (number, date, category), decided by all values, part by part."""

import operator
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame

from longhaul.data import reading
from longhaul.data.reading import CATEGORY, DATE, NUMBER
from longhaul.engines.spark.tables import ROW
from longhaul.problem import Problem

_LOOSE = "loose"
_SAMPLE = 1000

Batches = Iterator[pa.RecordBatch]


def forms(rows: DataFrame, problem: Problem) -> tuple[dict[str, str], pa.Schema]:
    """Decide the form and the type of each column.

    Parameters
    ----------
    rows : DataFrame
        Unread, with the column `ROW`.
    problem : Problem
        With a time column.

    Returns
    -------
    forms : dict of str to str
        The form by column; see `read_as`.
    schema : pyarrow.Schema
        Of the columns as they are read.
    """
    sample = rows.limit(_SAMPLE).toArrow()
    fields = {field.name: field.type for field in sample.schema if field.name != ROW}
    texts = [name for name, type_ in fields.items() if pa.types.is_string(type_)]
    assert problem.time is not None
    declared = {problem.time.column: DATE, **dict.fromkeys(problem.leave_out, _LOOSE)}
    declared |= problem.columns
    parts = rows.mapInArrow(_surveying(texts), "part binary").rdd.map(
        lambda row: pickle.loads(row.part)  # Spark's own way between its processes
    )
    empty = {name: Hint(0, 0) for name in fields}
    hints: dict[str, Hint] = parts.treeAggregate(empty, _add, _add)
    chosen = {
        name: declared.get(name, hints[name].form if name in texts else "") for name in fields
    }
    read = pd.DataFrame(
        {name: read_as(sample[name].to_pandas(), chosen[name]).column for name in fields}
    )
    schema = pa.Schema.from_pandas(read, preserve_index=False).remove_metadata()
    for place, name in enumerate(fields):
        type_ = schema.field(name).type
        if chosen[name] == NUMBER and name in texts:
            type_ = pa.int64() if hints[name].integer else pa.float64()
        elif chosen[name].startswith(DATE) or pa.types.is_timestamp(type_):
            type_ = pa.timestamp("us")
        elif hints[name].missing and (pa.types.is_integer(type_) or pa.types.is_boolean(type_)):
            type_ = pa.float64()  # as pandas has numbers with gaps
        elif pa.types.is_null(type_) or pa.types.is_large_string(type_):
            type_ = pa.string()
        schema = schema.set(place, pa.field(name, type_))
    return chosen, schema


@dataclass(frozen=True)
class Hint:
    """Forms that fit some values of a column.

    Attributes
    ----------
    missing : int
        Values that are none, or cannot be read.
    present : int
        0 where all are missing.
    number, integer, date : bool
        Whether all of them can be read as one.
    """

    missing: int
    present: int
    number: bool = True
    integer: bool = True
    date: bool = True

    def __add__(self, other: "Hint") -> "Hint":
        return Hint(
            self.missing + other.missing,
            self.present + other.present,
            self.number and other.number,
            self.integer and other.integer,
            self.date and other.date,
        )

    @property
    def form(self) -> str:
        """Narrowest form that fits all of them."""
        if self.present and self.number:
            return NUMBER
        return DATE if self.present and self.date else CATEGORY

    @classmethod
    def of(cls, column: pd.Series) -> "Hint":
        """Examine the texts of one part."""
        number = reading.read(column, NUMBER)
        gaps = int(number.column.isna().sum())
        if not column.notna().any():
            return cls(len(column), 0, integer=not len(column))
        free = reading.read(column)
        values = number.column.to_numpy(dtype=float)
        integer = not gaps and bool(
            (values == np.floor(values)).all() and (abs(values) < 2**53).all()
        )
        blank = bool(reading.read(column, CATEGORY).column.isna().all())
        if blank:
            return cls(len(column), 0, integer=False)
        numeric = pd.api.types.is_numeric_dtype(free.column)
        return cls(gaps, 1, numeric, integer, pd.api.types.is_datetime64_any_dtype(free.column))


def _add(first: Mapping[str, Hint], second: Mapping[str, Hint]) -> dict[str, Hint]:
    return {name: operator.add(hint, second[name]) for name, hint in first.items()}


def _surveying(texts: list[str]) -> Callable[[Batches], Batches]:
    def survey(stream: Batches) -> Batches:
        for batch in stream:
            hints = {}
            for name in batch.schema.names:
                if name in texts:
                    hints[name] = Hint.of(batch.column(name).to_pandas().astype("str"))
                elif name != ROW:
                    hints[name] = Hint(batch.column(name).null_count, 1)
            yield pa.record_batch({"part": pa.array([pickle.dumps(hints)], pa.binary())})

    return survey


def read_as(column: pd.Series, form: str) -> reading.ReadColumn:
    """Read a column in one of the forms."""
    return reading.read_leniently(column) if form == _LOOSE else reading.read(column, form)
