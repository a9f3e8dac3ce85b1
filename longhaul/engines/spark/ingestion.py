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
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as of

from longhaul import database_url
from longhaul.data import breaches, files, labels, periods, raw_table, sources
from longhaul.data.breaches import PeriodBreach
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
        broken = _broken(typed, problem)
        marked = typed.withColumn(_REASON, _reason(broken, problem))
        good = marked.filter(of.col(_REASON).isNull())
        formed = with_forms(problem, formats.inferred)
        resolved = replace(formed, target=_resolved(good, problem.target))
        by_period = counted(good, resolved, schema)
        _require_variety(by_period.values(), resolved.target)
        kept = [quoted(name) for name in names]
        for label in by_period:
            part = good.filter(of.col(PERIOD) == label).orderBy(ROW).select(*kept)
            tables.write(part, PeriodTable(target).path(label))
        bad = marked.filter(of.col(_REASON).isNotNull())
        bad = bad.orderBy(_place(broken, problem), ROW)
        quarantined = bad.select(*kept, of.col(_REASON).alias("reason")).toArrow().to_pandas()
        breaches.write(target, broken)
        sample = good.select(*kept).limit(_SAMPLE).toArrow().to_pandas()
        described = profile(good.select(*kept), by_period, resolved)
        return IngestedTable(
            resolved, sample, quarantined, described, formats.notes, breaches=broken
        )
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


def _broken(typed: DataFrame, problem: Problem) -> dict[str, PeriodBreach]:
    """Find the periods of production with too many unfit rows.

    Refuse a table with too many rows that have no time, or that are unfit in other periods.
    """
    unfit = of.col(_REASON).isNotNull() & (of.col(_REASON) != _lacking(problem))
    counts = typed.groupBy(PERIOD).agg(
        of.count("*").alias("rows"), of.count_if(unfit).alias("unfit")
    )
    by_period = {row[PERIOD]: row for row in counts.collect()}
    if not by_period:
        raise LonghaulError(f"source: {problem.source!r} has no rows")
    rows = sum(row.rows for row in by_period.values())
    timeless = by_period[None].rows if None in by_period else 0
    if timeless > problem.contract.quarantine * rows:
        raise _timeless(typed, timeless, problem)
    _require_few(typed.filter(unfit), by_period, problem)
    bad = {label: row.unfit for label, row in by_period.items() if label and row.unfit}
    examples = {label: _examples(typed.filter(unfit & (of.col(PERIOD) == label))) for label in bad}
    return breaches.of_unfit(
        {label: row.rows for label, row in by_period.items() if label}, bad, examples, problem
    )


def _reason(broken: Mapping[str, PeriodBreach], problem: Problem) -> Column:
    """Return why a row is set aside, itself or with its period; null for a good one."""
    fits = of.col(_REASON).isNull() | (of.col(_REASON) == _lacking(problem))
    reason = of.col(_REASON)
    for label, breach in broken.items():
        dropped = fits & (of.col(PERIOD) == label)
        reason = of.when(dropped, of.lit(f"{label}: {breach.reason}")).otherwise(reason)
    return reason


def _place(broken: Mapping[str, PeriodBreach], problem: Problem) -> Column:
    """Return the place of a row among those set aside, as on one machine."""
    dropped = of.lit(False)
    for label, breach in broken.items():
        dropped = dropped | (of.col(_REASON) == f"{label}: {breach.reason}")
    lacking = of.col(_REASON) == _lacking(problem)
    return of.when(lacking, 2).when(dropped, 1).otherwise(0)


def _timeless(typed: DataFrame, rows: int, problem: Problem) -> LonghaulError:
    """Make the error for rows that have no time."""
    assert problem.time is not None
    name = problem.time.column
    unread = typed.filter(of.col(PERIOD).isNull() & ~of.col(_REASON).endswith("no period"))
    if examples := unread.orderBy(ROW).head(1):
        return LonghaulError(
            f"time.column: {name!r} does not hold times in {unread.count():,} rows:"
            f" {examples[0][_REASON]}"
        )
    return LonghaulError(f"time.column: {name!r} is missing in {rows} rows")


def _require_few(unfit: DataFrame, by_period: Mapping[str | None, Any], problem: Problem) -> None:
    """Refuse too many unfit rows where models are fitted and judged."""
    limit, after_test = problem.contract.quarantine, problem.windows.after_test
    judged = [row for label, row in by_period.items() if label is None or not after_test(label)]
    rows, bad = (
        [sum(getattr(row, name) for row in part) for part in (by_period.values(), judged)]
        for name in ("rows", "unfit")
    )
    if all(count > limit * total for count, total in zip(bad, rows, strict=True)):
        raise sources.too_many(bad[0], rows[0], _examples(unfit), problem)


def _examples(unfit: DataFrame) -> list[str]:
    """Collect the reasons of the first rows."""
    return [row[_REASON] for row in unfit.orderBy(ROW).limit(sources.EXAMPLES).collect()]


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
