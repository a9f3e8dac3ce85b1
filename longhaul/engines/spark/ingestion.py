"""A source too large for one machine: read, typed and cut into periods by the workers.

What a column holds is decided as `longhaul.data.reading` decides it, by all of its values: each
part says what it could be, and it is what all parts could be.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as of

from longhaul import database_url as addresses
from longhaul.data import files, labels, periods, sources
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


@dataclass(frozen=True)
class Ingested:
    """A table that was written period by period.

    Attributes
    ----------
    problem : Problem
        With the classes that were found, where there are several.
    sample : DataFrame
        A few of its rows.
    aside : DataFrame
        Rows that do not fit, or lack an outcome that is needed, with the reason.
    profile : dict
        As `longhaul.data.profile.profile` makes it; numbers of different values are estimates.
    """

    problem: Problem
    sample: pd.DataFrame
    aside: pd.DataFrame
    profile: dict[str, Any]


def ingest(
    spark: SparkSession, problem: Problem, folder: Path, fetch: files.Fetch, target: Path
) -> Ingested:
    """Read a problem's source; write its periods.

    Parameters
    ----------
    spark : SparkSession
    problem : Problem
        Its source is Parquet files that all machines share, with a column of times.
    folder : Path
        Where a relative path starts.
    fetch : callable
        Gets what lies at an address that MLflow knows.
    target : Path
        An existing folder, which gets a file for each period.

    Raises
    ------
    LonghaulError
        As `longhaul.data.sources.read`; and when the source is of another kind.
    """
    rows = tables.rows_of(spark, _files(problem, folder, fetch))
    names = [name for name in rows.columns if name != ROW]
    problem.require(names)
    forms, schema = forms_of(rows.select(*map(quoted, names), ROW), problem)
    typed = rows.mapInArrow(_reading(forms, schema, problem), tables.types(_told(schema)))
    typed = typed.persist(StorageLevel.DISK_ONLY)
    try:
        _require_fit(typed, problem)
        good = typed.filter(of.col(_REASON).isNull())
        declared = replace(problem, target=_resolved(good, problem.target))
        by_period = counted(good, declared, schema)
        kept = [quoted(name) for name in names]
        for label in by_period:
            part = good.filter(of.col(PERIOD) == label).orderBy(ROW).select(*kept)
            tables.write(part, PeriodTable(target).path(label))
        bad = typed.filter(of.col(_REASON).isNotNull()).orderBy(ROW)
        aside = bad.select(*kept, of.col(_REASON).alias("reason")).toArrow().to_pandas()
        sample = good.select(*kept).limit(_SAMPLE).toArrow().to_pandas()
        return Ingested(declared, sample, aside, profile(good.select(*kept), by_period, declared))
    finally:
        typed.unpersist()


def _files(problem: Problem, folder: Path, fetch: files.Fetch) -> list[Path]:
    """The Parquet files of the source."""
    if problem.time is None:
        raise LonghaulError(
            "engine: spark cuts a table by time; the problem declares no time.column"
        )
    if problem.source in sources.NAMED or addresses.is_database_url(problem.source):
        raise LonghaulError(
            f"engine: spark reads Parquet files that all machines share, not {problem.source!r}"
        )
    found = files.find(problem.source, folder, fetch)
    for file in found:
        if file.kind != "parquet" or not isinstance(file.system, LocalFileSystem):
            raise LonghaulError(
                "engine: spark reads Parquet files that all machines share, not"
                f" {file.path!r}; write them as Parquet to such a folder"
            )
    return [Path(file.path) for file in found]


def _told(schema: pa.Schema) -> pa.Schema:
    more = [(ROW, pa.int64()), (PERIOD, pa.string()), (_REASON, pa.string())]
    return pa.schema([*schema, *more])


def _reading(
    forms: Mapping[str, str], schema: pa.Schema, problem: Problem
) -> Callable[[Batches], Batches]:
    """What reads each value, and says of each row which period it is in, or why it is unfit."""
    assert problem.time is not None
    time, length, outcome = problem.time.column, problem.time.period, problem.target.column

    def read(stream: Batches) -> Batches:
        for batch in stream:
            raw = batch.to_pandas()
            columns, reasons = {}, pd.Series([""] * len(raw))
            for name, form in forms.items():
                found = read_as(raw[name], form)
                columns[name] = found.column
                for place, value in found.unfit.items():
                    row = int(str(place))
                    text = f"{name} = {value!r}, expected a {problem.columns.get(name, DATE)}"
                    before = reasons[row]
                    reasons[row] = f"{before}; {text}" if before else text
            frame = pd.DataFrame(columns)
            dated = frame[time].notna()
            label = pd.Series([None] * len(frame), dtype=object)
            label[dated] = periods.labels(frame.loc[dated, time], length).astype(object)
            needed = label.map(lambda one: one is not None and not problem.windows.in_production(one))
            unknown = needed.astype(bool) & frame[outcome].isna() & (reasons == "")
            reasons[unknown] = f"{outcome} is missing: no outcome to learn from"
            arrays = [pa.Array.from_pandas(frame[field.name], type=field.type) for field in schema]
            more = [
                batch.column(ROW),
                pa.array(label, pa.string()),
                pa.array(reasons.where(reasons != "", None), pa.string()),
            ]
            told = _told(schema)
            yield pa.record_batch([*arrays, *more], names=told.names)

    return read


def _require_fit(typed: DataFrame, problem: Problem) -> None:
    """Refuse a table with rows that have no time, or with too many that are unfit."""
    assert problem.time is not None
    lacking = f"{problem.target.column} is missing: no outcome to learn from"
    unfit = of.col(_REASON).isNotNull() & (of.col(_REASON) != lacking)
    [found] = typed.agg(
        of.count("*").alias("rows"),
        of.count_if(of.col(PERIOD).isNull()).alias("timeless"),
        of.count_if(unfit).alias("unfit"),
    ).collect()
    if not found.rows:
        raise LonghaulError(f"source: {problem.source!r} has no rows")
    if found.timeless:
        said = typed.filter(of.col(PERIOD).isNull() & of.col(_REASON).isNotNull()).head(1)
        name = problem.time.column
        if said:
            raise LonghaulError(
                f"time.column: {name!r} does not hold times in {found.timeless:,} rows:"
                f" {said[0][_REASON]}"
            )
        raise LonghaulError(f"time.column: {name!r} is missing in {found.timeless} rows")
    if found.unfit > problem.contract.quarantine * found.rows:
        some = typed.filter(unfit).orderBy(ROW).limit(sources.EXAMPLES).collect()
        raise sources.too_many(found.unfit, found.rows, [one[_REASON] for one in some], problem)


def _resolved(good: DataFrame, target: Target) -> Target:
    """The target with the classes that are found, where none are declared."""
    if target.task_type != "multiclass" or target.classes:
        return target
    column = quoted(target.column)
    different = good.select(column).distinct().limit(labels.MOST_CLASSES + 2)
    return labels.resolve(different.toArrow().to_pandas(), target)


def require_variety(found: Ingested) -> None:
    """Refuse a target that is always the same; see the ingest stage."""
    target, figures = found.problem.target, found.profile["outcome"]
    if target.task_type == "binary":
        constant = not 0 < figures["positive_share"] < 1
    elif target.task_type == "multiclass":
        constant = max(figures.values()) >= 1
    else:
        constant = not figures["target_sd"] > 0
    if constant:
        raise LonghaulError(
            f"target {target.column!r}: all outcomes are the same: nothing to tell apart"
        )
