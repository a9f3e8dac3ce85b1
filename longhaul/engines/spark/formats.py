"""Formats and types of a source's columns, decided by all values, as on one machine."""

import operator
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as of

from longhaul.data import column_inference, reading
from longhaul.data.forms import declared_forms
from longhaul.data.plain_types import to_plain_type
from longhaul.engines.spark.tables import ROW, quoted
from longhaul.errors import LonghaulError
from longhaul.features import column_format
from longhaul.features.column_format import DATE, NUMBER
from longhaul.problem import Problem

_LOOSE = "loose"
_SAMPLE = 1000
_DISTINCT = 100_000  # of these different values, a format is inferred

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class TableFormats:
    """Formats of the columns of a table.

    Attributes
    ----------
    forms : dict of str to str
        By column; see `read_as`.
    schema : pyarrow.Schema
        Of the columns as they are read.
    inferred : dict of str to str
        Those that were not declared.
    notes : list of str
        What was assumed.
    """

    forms: dict[str, str]
    schema: pa.Schema
    inferred: dict[str, str]
    notes: list[str]


def formats_of(rows: DataFrame, problem: Problem, zones: Mapping[str, str]) -> TableFormats:
    """Decide the format and the type of each column.

    Parameters
    ----------
    rows : DataFrame
        Unread, with the column `ROW`.
    problem : Problem
        With a time column.
    zones : mapping of str to str
        The time zones of columns of times, as the files have them.
    """
    assert problem.time is not None
    sample = rows.limit(_SAMPLE).toArrow()
    fields = {field.name: field.type for field in sample.schema if field.name != ROW}
    forms = declared_forms(problem)
    open_ = [name for name in fields if name not in forms and name not in problem.leave_out]
    inferred, notes = _infer(rows, {name: fields[name] for name in open_}, problem.time.zone)
    forms |= inferred
    forms.setdefault(problem.time.column, DATE)
    for name, zone in zones.items():
        zoned = column_format.parse(forms.get(name, DATE)).in_zone(problem.time.zone or zone)
        if zoned.column_type == DATE:
            forms[name] = str(zoned)
            if name in open_:
                inferred[name] = str(zoned)
                notes.append(f"{name!r} has the time zone {zone}")
    inferred = {name: inferred[name] for name in fields if name in inferred}
    for name in problem.leave_out:
        forms[name] = f"{_LOOSE} {forms.get(name, '')}".strip()
    return TableFormats(forms, _schema(rows, sample, fields, forms), inferred, notes)


def _infer(
    rows: DataFrame, fields: Mapping[str, pa.DataType], zone: str
) -> tuple[dict[str, str], list[str]]:
    """Infer the formats of texts, and of whole numbers that may be times, from different values."""
    texts = [name for name, type_ in fields.items() if pa.types.is_string(type_)]
    integers = [name for name, type_ in fields.items() if pa.types.is_integer(type_)]
    levels = _levels(rows, [*texts, *integers]) if texts or integers else {}
    inferences = {
        name: partial(
            column_inference.infer_counted,
            name,
            counted["value"].map(int).tolist() if name in integers else counted["value"].tolist(),
            counted["rows"].tolist(),
        )
        for name, counted in levels.items()
    }
    forms, notes = {}, []
    for name, result in column_inference.decide(inferences, comma=False).items():
        form = result.form.in_zone(zone)
        if pa.types.is_string(fields[name]) or not form.is_plain:
            forms[name] = str(form)
        notes += [f"{name!r} {note}" for note in result.notes]
    floats = [name for name, type_ in fields.items() if pa.types.is_floating(type_)]
    if floats:
        endless = [of.count_if(of.abs(quoted(name)) == float("inf")).alias(name) for name in floats]
        [counts] = rows.agg(*endless).collect()
        for name in [name for name in floats if counts[name]]:
            forms[name] = f"{NUMBER} blank inf, -inf"
            notes.append(f"{name!r} has {counts[name]:,} infinite values: read as blanks")
    return {name: forms[name] for name in fields if name in forms}, notes


def _levels(rows: DataFrame, names: list[str]) -> dict[str, pd.DataFrame]:
    """Count the different values of several columns in one job, in order of the rows."""
    parts = rows.mapInArrow(_counting(names), "name string, value string, rows long, first long")
    counted = parts.groupBy("name", "value").agg(
        of.sum("rows").alias("rows"), of.min("first").alias("first")
    )
    place = of.row_number().over(Window.partitionBy("name").orderBy("first"))
    table = counted.withColumn("place", place).filter(of.col("place") <= _DISTINCT).toArrow()
    frame = table.to_pandas().sort_values(["name", "place"])
    return {str(name): group for name, group in frame.groupby("name", sort=False)}


def _counting(names: list[str]) -> Callable[[Batches], Batches]:
    def count(stream: Batches) -> Batches:
        for batch in stream:
            for name in names:
                table = pa.table({"value": batch.column(name), "first": batch.column(ROW)})
                present = table.filter(pc.is_valid(table.column("value")))
                groups = present.group_by("value").aggregate([("first", "count"), ("first", "min")])
                columns = [
                    pa.array([name] * len(groups), pa.string()),
                    pc.cast(groups.column("value"), pa.string()).combine_chunks(),
                    groups.column("first_count").combine_chunks(),
                    groups.column("first_min").combine_chunks(),
                ]
                yield pa.record_batch(columns, names=["name", "value", "rows", "first"])

    return count


def _schema(
    rows: DataFrame, sample: pa.Table, fields: Mapping[str, pa.DataType], forms: Mapping[str, str]
) -> pa.Schema:
    """Decide the type of each column, which is the same in all parts."""
    parts = rows.mapInArrow(_surveying(forms), "part binary").rdd.map(
        lambda row: pickle.loads(row.part)  # Spark's own way between its processes
    )
    hints: dict[str, Hint] = parts.treeAggregate({name: Hint() for name in fields}, _add, _add)
    read = pd.DataFrame(
        {name: read_as(sample[name].to_pandas(), forms.get(name, "")).column for name in fields}
    )
    schema = pa.Schema.from_pandas(read, preserve_index=False).remove_metadata()
    for place, (name, written) in enumerate(fields.items()):
        type_ = schema.field(name).type
        if forms.get(name, "").startswith(NUMBER) and pa.types.is_string(written):
            type_ = pa.int64() if hints[name].integer else pa.float64()
        elif forms.get(name, "").startswith(DATE) or pa.types.is_timestamp(type_):
            type_ = pa.timestamp("us")
        elif hints[name].missing and (pa.types.is_integer(type_) or pa.types.is_boolean(type_)):
            type_ = pa.float64()  # as pandas has numbers with gaps
        elif pa.types.is_null(type_) or pa.types.is_large_string(type_):
            type_ = pa.string()
        schema = schema.set(place, pa.field(name, type_))
    return schema


@dataclass(frozen=True)
class Hint:
    """Type of a column, as a part of it shows.

    Attributes
    ----------
    missing : int
        Values that are none, or cannot be read.
    integer : bool
        Whether all texts of numbers are whole numbers.
    """

    missing: int = 0
    integer: bool = True

    def __add__(self, other: "Hint") -> "Hint":
        return Hint(self.missing + other.missing, self.integer and other.integer)

    @classmethod
    def of(cls, column: pd.Series, form: str) -> "Hint":
        """Examine the texts of numbers of one part."""
        values = reading.read(column, form).column.to_numpy(dtype=float)
        gaps = int(np.isnan(values).sum())
        whole_numbers = (values == np.floor(values)).all() and (abs(values) < 2**53).all()
        return cls(gaps, not gaps and bool(whole_numbers))


def _add(first: Mapping[str, Hint], second: Mapping[str, Hint]) -> dict[str, Hint]:
    return {name: operator.add(hint, second[name]) for name, hint in first.items()}


def _surveying(forms: Mapping[str, str]) -> Callable[[Batches], Batches]:
    def survey(stream: Batches) -> Batches:
        for batch in stream:
            hints = {}
            for field in batch.schema:
                name, form = field.name, forms.get(field.name, "")
                if form.startswith(NUMBER) and pa.types.is_string(field.type):
                    hints[name] = Hint.of(batch.column(name).to_pandas().astype("str"), form)
                elif name != ROW:
                    hints[name] = Hint(batch.column(name).null_count)
            yield pa.record_batch({"part": pa.array([pickle.dumps(hints)], pa.binary())})

    return survey


def read_as(column: pd.Series, form: str) -> reading.ReadColumn:
    """Read a column in one of the formats; none is what it holds."""
    if form.startswith(_LOOSE):
        return reading.read_leniently(column, form.removeprefix(_LOOSE).strip() or _held(column))
    return reading.read(column, form or _held(column))


def _held(column: pd.Series) -> str:
    """Return the format of a column that is read as what it holds."""
    try:
        column = to_plain_type(column)
    except LonghaulError:
        return column_format.CATEGORY
    if pd.api.types.is_datetime64_any_dtype(column):
        return DATE
    return NUMBER if pd.api.types.is_numeric_dtype(column) else column_format.CATEGORY
