"""Ingestion of a source too large for one machine: read, typed and cut into periods by workers.

The type of a column is decided as `longhaul.data.reading` decides it, by all of its values: each
part says which types it could have, and the column gets one that fits all parts.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as of

from longhaul import database_url
from longhaul.data import files, labels, periods, raw_table, sources
from longhaul.data.forms import with_forms
from longhaul.data.ingestion import IngestedTable
from longhaul.data.table import PeriodTable
from longhaul.engines.spark import tables
from longhaul.engines.spark.formats import formats_of, read_as
from longhaul.engines.spark.profile import PERIOD, counted, profile
from longhaul.engines.spark.tables import ROW, quoted
from longhaul.errors import LonghaulError
from longhaul.problem import Problem, Target

_REASON = "_longhaul_reason"
_SAMPLE = 1000

Batches = Iterator[pa.RecordBatch]


def ingest(
    spark: SparkSession, problem: Problem, folder: Path, fetch: files.Fetch, target: Path
) -> IngestedTable:
    """Read a problem's source; write its periods.

    Parameters
    ----------
    spark : SparkSession
    problem : Problem
        Its source is Parquet files that all machines share, with a column of times.
    folder : Path
        Where a relative path starts.
    fetch : callable
        Returns the local path of a URI that MLflow resolves.
    target : Path
        An existing folder, which gets a file for each period.

    Raises
    ------
    LonghaulError
        As `longhaul.data.ingestion.ingest`; and when the source is no Parquet file.
    """
    parts = _files(problem, folder, fetch)
    rows = tables.rows_of(spark, parts)
    names = [name for name in rows.columns if name != ROW]
    problem.require(names)
    formats = formats_of(rows.select(*map(quoted, names), ROW), problem, tables.zones(parts))
    schema = formats.schema
    typed = rows.mapInArrow(
        _reading(formats.forms, schema, problem), tables.types(_with_marks(schema))
    )
    typed = typed.persist(StorageLevel.DISK_ONLY)
    try:
        _require_fit(typed, problem)
        good = typed.filter(of.col(_REASON).isNull())
        formed = with_forms(problem, formats.inferred)
        resolved = replace(formed, target=_resolved(good, problem.target))
        by_period = counted(good, resolved, schema)
        _require_variety(by_period.values(), resolved.target)
        kept = [quoted(name) for name in names]
        for label in by_period:
            part = good.filter(of.col(PERIOD) == label).orderBy(ROW).select(*kept)
            tables.write(part, PeriodTable(target).path(label))
        bad = typed.filter(of.col(_REASON).isNotNull())
        bad = bad.orderBy(of.col(_REASON) == _lacking(problem), ROW)  # unfit rows first, as locally
        quarantined = bad.select(*kept, of.col(_REASON).alias("reason")).toArrow().to_pandas()
        sample = good.select(*kept).limit(_SAMPLE).toArrow().to_pandas()
        described = profile(good.select(*kept), by_period, resolved)
        return IngestedTable(resolved, sample, quarantined, described, formats.notes)
    finally:
        typed.unpersist()


def _files(problem: Problem, folder: Path, fetch: files.Fetch) -> list[Path]:
    """Find the Parquet files of the source."""
    if problem.time is None:
        raise LonghaulError(
            "engine: spark cuts a table by time; the problem declares no time.column"
        )
    if problem.source in raw_table.NAMED or database_url.is_database_url(problem.source):
        raise LonghaulError(
            f"engine: spark reads Parquet files that all machines share, not {problem.source!r}"
        )
    parts = files.find(problem.source, folder, fetch)
    for file in parts:
        if file.format != "parquet" or not isinstance(file.system, LocalFileSystem):
            raise LonghaulError(
                "engine: spark reads Parquet files that all machines share, not"
                f" {file.path!r}; write them as Parquet to such a folder"
            )
    return [Path(file.path) for file in parts]


def _with_marks(schema: pa.Schema) -> pa.Schema:
    more = [(ROW, pa.int64()), (PERIOD, pa.string()), (_REASON, pa.string())]
    return pa.schema([*schema, *more])


def _reading(
    forms: Mapping[str, str], schema: pa.Schema, problem: Problem
) -> Callable[[Batches], Batches]:
    """Return a function that reads each value and adds a row's period and why it is unfit."""
    assert problem.time is not None
    time, length, outcome = problem.time.column, problem.time.period, problem.target.column
    lacking = _lacking(problem)

    def read(stream: Batches) -> Batches:
        for batch in stream:
            raw = batch.to_pandas()
            columns, reasons = {}, pd.Series([""] * len(raw))
            for name in schema.names:
                form = forms.get(name, "")
                column = read_as(raw[name], form)
                columns[name] = column.column
                for place, value in column.unfit.items():
                    row = int(str(place))
                    text = sources.reason(name, value, form)
                    before = reasons[row]
                    reasons[row] = f"{before}; {text}" if before else text
            frame = pd.DataFrame(columns)
            dated = frame[time].notna()
            label = pd.Series([None] * len(frame), dtype=object)
            label[dated] = periods.labels(frame.loc[dated, time], length).astype(object)
            needed = label.map(
                lambda period: period is not None and not problem.windows.in_production(period)
            )
            timeless = ~dated & (reasons == "")
            reasons[timeless] = f"{time} is missing: no period"
            unlabelled = needed.astype(bool) & frame[outcome].isna() & (reasons == "")
            reasons[unlabelled] = lacking
            arrays = [pa.Array.from_pandas(frame[field.name], type=field.type) for field in schema]
            more = [
                batch.column(ROW),
                pa.array(label, pa.string()),
                pa.array(reasons.where(reasons != "", None), pa.string()),
            ]
            marked = _with_marks(schema)
            yield pa.record_batch([*arrays, *more], names=marked.names)

    return read


def _lacking(problem: Problem) -> str:
    """Return the reason of a row without an outcome, where one is needed."""
    return f"{problem.target.column} is missing: no outcome to learn from"


def _require_fit(typed: DataFrame, problem: Problem) -> None:
    """Refuse a table with rows that have no time, or with too many that are unfit."""
    assert problem.time is not None
    unfit = of.col(_REASON).isNotNull() & (of.col(_REASON) != _lacking(problem))
    [counts] = typed.agg(
        of.count("*").alias("rows"),
        of.count_if(of.col(PERIOD).isNull()).alias("timeless"),
        of.count_if(unfit).alias("unfit"),
    ).collect()
    if not counts.rows:
        raise LonghaulError(f"source: {problem.source!r} has no rows")
    if counts.timeless > problem.contract.quarantine * counts.rows:
        timeless = typed.filter(of.col(PERIOD).isNull())
        name = problem.time.column
        unread = timeless.filter(~of.col(_REASON).endswith("no period"))
        if examples := unread.orderBy(ROW).head(1):
            raise LonghaulError(
                f"time.column: {name!r} does not hold times in {unread.count():,} rows:"
                f" {examples[0][_REASON]}"
            )
        raise LonghaulError(f"time.column: {name!r} is missing in {counts.timeless} rows")
    if counts.unfit > problem.contract.quarantine * counts.rows:
        rows = typed.filter(unfit).orderBy(ROW).limit(sources.EXAMPLES).collect()
        raise sources.too_many(counts.unfit, counts.rows, [row[_REASON] for row in rows], problem)


def _resolved(good: DataFrame, target: Target) -> Target:
    """Complete a target with the classes of its column, where none are declared."""
    if target.task_type != "multiclass" or target.classes:
        return target
    column = quoted(target.column)
    different = good.select(column).distinct().limit(labels.MOST_CLASSES + 2)
    return labels.resolve(different.toArrow().to_pandas(), target)


def _require_variety(counts: Collection[dict[str, Any]], target: Target) -> None:
    """Refuse outcomes that are all the same."""
    bounds = [bound for part in counts for bound in (part["min"], part["max"]) if bound is not None]
    labels.require_variety(np.array(bounds), target, f"target {target.column!r}")
