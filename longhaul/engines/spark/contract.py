"""The data contract of a table too large for one machine: learned and checked by the workers."""

import operator
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as of

from longhaul.data import contract, parquet
from longhaul.data.summary import Summary
from longhaul.data.table import PeriodTable
from longhaul.engines.spark import tables
from longhaul.engines.spark.tables import ROW
from longhaul.problem import Contract, Problem

_REASON = "_longhaul_reason"


class Workers:
    """The workers of a session; see `longhaul.engines.inspection.Inspector`."""

    def __init__(self, spark: SparkSession):
        self._spark = spark

    def learn(self, source: Path, problem: Problem, window: list[str]) -> dict[str, Any]:
        """The contract of some periods."""
        files = {label: PeriodTable(source).path(label) for label in window}
        found = {}
        for label, file in files.items():
            schema = parquet.schema(file)
            rows = tables.read(self._spark, file)
            found[label] = _summary(rows, schema, problem.features(schema.names))
        return contract.expect(found)

    def check(
        self, file: Path, learned: dict[str, Any], problem: Problem, clean: Path
    ) -> tuple[dict[str, Any], pd.DataFrame]:
        """Write one period's good rows, as a folder of parts."""
        return check(self._spark, file, learned, problem.contract, clean / file.name)

    def folder(self, name: str) -> AbstractContextManager[Path]:
        """A folder that becomes an artifact."""
        return tables.folder(self._spark, name)


def _summary(rows: DataFrame, schema: pa.Schema, names: Sequence[str]) -> Summary:
    parts = rows.mapInArrow(_counting(names), "part binary").rdd.map(
        lambda one: pickle.loads(one.part)  # Spark's own way between its processes
    )
    empty = Summary.of(schema.empty_table().to_pandas(), names)
    found: Summary = parts.treeAggregate(empty, operator.add, operator.add)
    return found


def check(
    spark: SparkSession, file: Path, learned: Mapping[str, Any], limits: Contract, clean: Path
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Hold one file against the contract; write its good rows.

    Parameters
    ----------
    spark : SparkSession
    file : Path
    learned : mapping
        As `longhaul.data.contract.learn` returned it.
    limits : Contract
    clean : Path
        The file of the good rows; a folder of parts.

    Returns
    -------
    figures : dict
        ``rows``, ``duplicates`` and ``breaches``.
    bad : DataFrame
        The bad rows, in order, each with its ``reason``.
    """
    schema = parquet.schema(file)
    names = schema.names
    rows = tables.read(spark, file)
    found = _summary(rows, schema, list(learned))
    reasoned = pa.schema([*schema, (ROW, pa.int64()), (_REASON, pa.string())])
    judged = rows.mapInArrow(_judging(learned, limits, reasoned), tables.types(reasoned))
    judged = judged.persist(StorageLevel.DISK_ONLY)
    columns = [f"`{name}`" for name in names]
    # In order: what is learned from them must not depend on who did which part.
    good = judged.filter(of.col(_REASON).isNull()).orderBy(ROW)
    tables.write(good.select(*columns), clean)
    bad = judged.filter(of.col(_REASON).isNotNull()).orderBy(ROW)
    aside = bad.select(*columns, of.col(_REASON).alias("reason")).toArrow().to_pandas()
    judged.unpersist()
    figures = {
        "rows": found.rows,
        "duplicates": found.rows - rows.drop(ROW).distinct().count(),
        "breaches": [str(one) for one in contract.breaches(found, learned, limits)],
    }
    return figures, aside


def _counting(
    names: Sequence[str],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def count(stream: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in stream:
            part = pickle.dumps(Summary.of(batch.to_pandas(), names))
            yield pa.record_batch({"part": pa.array([part], pa.binary())})

    return count


def _judging(
    learned: Mapping[str, Any], limits: Contract, schema: pa.Schema
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def judge(stream: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in stream:
            found = contract.reasons(batch.to_pandas(), learned, limits)
            told: list[str | None] = [None] * batch.num_rows
            for row, reason in found.items():
                told[int(str(row))] = reason
            arrays = [batch.column(name) for name in schema.names[:-1]]
            yield pa.record_batch([*arrays, pa.array(told, pa.string())], names=schema.names)

    return judge
