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
from longhaul.data import breaches, files, labels, periods, sources
from longhaul.data.breaches import PeriodBreach
from longhaul.data.ingestion import IngestedTable
from longhaul.data.reading import DATE
from longhaul.data.table import PeriodTable
from longhaul.engines.spark import tables
from longhaul.engines.spark.formats import forms as forms_of
from longhaul.engines.spark.formats import read_as
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
    rows = tables.rows_of(spark, _files(problem, folder, fetch))
    names = [name for name in rows.columns if name != ROW]
    problem.require(names)
    forms, schema = forms_of(rows.select(*map(quoted, names), ROW), problem)
    typed = rows.mapInArrow(_reading(forms, schema, problem), tables.types(_with_marks(schema)))
    typed = typed.persist(StorageLevel.DISK_ONLY)
    try:
        broken = _broken(typed, problem)
        good = typed.filter(of.col(_REASON).isNull() & ~of.col(PERIOD).isin(list(broken)))
        resolved = replace(problem, target=_resolved(good, problem.target))
        by_period = counted(good, resolved, schema)
        _require_variety(by_period.values(), resolved.target)
        kept = [quoted(name) for name in names]
        for label in by_period:
            part = good.filter(of.col(PERIOD) == label).orderBy(ROW).select(*kept)
            tables.write(part, PeriodTable(target).path(label))
        bad = typed.filter(of.col(_REASON).isNotNull()).orderBy(ROW)
        quarantined = bad.select(*kept, of.col(_REASON).alias("reason")).toArrow().to_pandas()
        breaches.write(target, broken)
        sample = good.select(*kept).limit(_SAMPLE).toArrow().to_pandas()
        described = profile(good.select(*kept), by_period, resolved)
        return IngestedTable(resolved, sample, quarantined, described, breaches=broken)
    finally:
        typed.unpersist()


def _files(problem: Problem, folder: Path, fetch: files.Fetch) -> list[Path]:
    """Find the Parquet files of the source."""
    if problem.time is None:
        raise LonghaulError(
            "engine: spark cuts a table by time; the problem declares no time.column"
        )
    if problem.source in sources.NAMED or database_url.is_database_url(problem.source):
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

    def read(stream: Batches) -> Batches:
        for batch in stream:
            raw = batch.to_pandas()
            columns, reasons = {}, pd.Series([""] * len(raw))
            for name, form in forms.items():
                column = read_as(raw[name], form)
                columns[name] = column.column
                for place, value in column.unfit.items():
                    row = int(str(place))
                    text = f"{name} = {value!r}, expected a {problem.columns.get(name, DATE)}"
                    before = reasons[row]
                    reasons[row] = f"{before}; {text}" if before else text
            frame = pd.DataFrame(columns)
            dated = frame[time].notna()
            label = pd.Series([None] * len(frame), dtype=object)
            label[dated] = periods.labels(frame.loc[dated, time], length).astype(object)
            needed = label.map(
                lambda period: period is not None and not problem.windows.in_production(period)
            )
            unlabelled = needed.astype(bool) & frame[outcome].isna() & (reasons == "")
            reasons[unlabelled] = f"{outcome} is missing: no outcome to learn from"
            arrays = [pa.Array.from_pandas(frame[field.name], type=field.type) for field in schema]
            more = [
                batch.column(ROW),
                pa.array(label, pa.string()),
                pa.array(reasons.where(reasons != "", None), pa.string()),
            ]
            marked = _with_marks(schema)
            yield pa.record_batch([*arrays, *more], names=marked.names)

    return read


def _broken(typed: DataFrame, problem: Problem) -> dict[str, PeriodBreach]:
    """Find the periods of production with too many unfit rows.

    Refuse a table with rows that have no time, or with too many unfit ones in other periods.
    """
    lacking = f"{problem.target.column} is missing: no outcome to learn from"
    unfit = of.col(_REASON).isNotNull() & (of.col(_REASON) != lacking)
    counts = typed.groupBy(PERIOD).agg(
        of.count("*").alias("rows"), of.count_if(unfit).alias("unfit")
    )
    by_period = {row[PERIOD]: row for row in counts.collect()}
    if not by_period:
        raise LonghaulError(f"source: {problem.source!r} has no rows")
    if None in by_period:
        raise _timeless(typed, by_period[None].rows, problem)
    _require_few(typed.filter(unfit), by_period, problem)
    bad = {label: row.unfit for label, row in by_period.items() if row.unfit}
    examples = {label: _examples(typed.filter(unfit & (of.col(PERIOD) == label))) for label in bad}
    return breaches.of_unfit(
        {label: row.rows for label, row in by_period.items()}, bad, examples, problem
    )


def _timeless(typed: DataFrame, rows: int, problem: Problem) -> LonghaulError:
    """Make the error for rows that have no time."""
    assert problem.time is not None
    examples = typed.filter(of.col(PERIOD).isNull() & of.col(_REASON).isNotNull()).head(1)
    name = problem.time.column
    if examples:
        return LonghaulError(
            f"time.column: {name!r} does not hold times in {rows:,} rows: {examples[0][_REASON]}"
        )
    return LonghaulError(f"time.column: {name!r} is missing in {rows} rows")


def _require_few(unfit: DataFrame, by_period: Mapping[str, Any], problem: Problem) -> None:
    """Refuse too many unfit rows where models are fitted and judged."""
    limit, after_test = problem.contract.quarantine, problem.windows.after_test
    judged = [row for label, row in by_period.items() if not after_test(label)]
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
