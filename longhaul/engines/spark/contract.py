"""Data contract of a table too large for one machine: learned and checked by the workers."""

import operator
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as of

from longhaul.data import contract, parquet
from longhaul.data.summary import Summary
from longhaul.data.table import PeriodTable
from longhaul.data.validation import CheckedPeriod
from longhaul.engines.spark import tables
from longhaul.engines.spark.tables import ROW
from longhaul.problem import Contract

_REASON = "_longhaul_reason"


def learn(spark: SparkSession, table: PeriodTable, window: Sequence[str]) -> dict[str, Any]:
    """Learn the contract from some periods; see `longhaul.data.contract.learn`."""
    problem = table.problem
    summaries = {}
    for label in window:
        schema = parquet.schema(table.path(label))
        rows = tables.read(spark, table.path(label))
        summaries[label] = _summary(rows, schema, problem.features(schema.names))
    return contract.expect(summaries)


def check(
    spark: SparkSession, file: Path, expectations: Mapping[str, Any], limits: Contract, target: Path
) -> CheckedPeriod:
    """Check one period; write its good rows.

    Parameters
    ----------
    spark : SparkSession
    file : Path
    expectations : mapping
        As `longhaul.data.contract.learn` returned them.
    limits : Contract
    target : Path
        The file of the good rows; a folder of parts.
    """
    schema = parquet.schema(file)
    names = schema.names
    rows = tables.read(spark, file)
    summary = _summary(rows, schema, list(expectations))
    reasoned = pa.schema([*schema, (ROW, pa.int64()), (_REASON, pa.string())])
    judged = rows.mapInArrow(_judging(expectations, limits, reasoned), tables.types(reasoned))
    judged = judged.persist(StorageLevel.DISK_ONLY)
    columns = [f"`{name}`" for name in names]
    # In order: what is learned from them must not depend on which worker did which part.
    good = judged.filter(of.col(_REASON).isNull()).orderBy(ROW)
    tables.write(good.select(*columns), target)
    bad = judged.filter(of.col(_REASON).isNotNull()).orderBy(ROW)
    quarantined = bad.select(*columns, of.col(_REASON).alias("reason")).toArrow().to_pandas()
    judged.unpersist()
    return CheckedPeriod(
        summary.rows,
        summary.rows - rows.drop(ROW).distinct().count(),
        tuple(map(str, contract.breaches(summary, expectations, limits))),
        quarantined,
    )


def _summary(rows: DataFrame, schema: pa.Schema, names: Sequence[str]) -> Summary:
    parts = rows.mapInArrow(_counting(names), "part binary").rdd.map(
        lambda row: pickle.loads(row.part)  # Spark's own way between its processes
    )
    empty = Summary.of(schema.empty_table().to_pandas(), names)
    summary: Summary = parts.treeAggregate(empty, operator.add, operator.add)
    return summary


def _counting(
    names: Sequence[str],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def count(stream: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in stream:
            part = pickle.dumps(Summary.of(batch.to_pandas(), names))
            yield pa.record_batch({"part": pa.array([part], pa.binary())})

    return count


def _judging(
    expectations: Mapping[str, Any], limits: Contract, schema: pa.Schema
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def judge(stream: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in stream:
            by_row = contract.reasons(batch.to_pandas(), expectations, limits)
            reasons: list[str | None] = [None] * batch.num_rows
            for row, reason in by_row.items():
                reasons[int(str(row))] = reason
            arrays = [batch.column(name) for name in schema.names[:-1]]
            yield pa.record_batch([*arrays, pa.array(reasons, pa.string())], names=schema.names)

    return judge
