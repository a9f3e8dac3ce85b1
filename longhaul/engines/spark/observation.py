"""Counts of one period for monitoring, made by Spark's workers and added up as a tree.

Each worker counts its rows with the code of `longhaul.monitoring`; counts are whole numbers, so
that they are those of one machine to the last digit, in whatever order parts are added. Sums of
floats are of n terms in another order: they agree within n times the rounding unit of float64,
relative to the sum of the absolute values (Higham 2002, Accuracy and Stability of Numerical
Algorithms, section 4.2).
"""

import operator
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.core.broadcast import Broadcast
from pyspark.sql import SparkSession
from pyspark.sql import functions as of

from longhaul.data import parquet
from longhaul.engines.spark import tables
from longhaul.engines.spark.tables import ROW
from longhaul.errors import LonghaulError
from longhaul.features.encoder import Encoder
from longhaul.monitoring import batches
from longhaul.monitoring.observation import Observation, PartialObservation
from longhaul.monitoring.reference import Reference
from longhaul.problem import Problem

_PREFIX = "_longhaul_predicted_"


def observe(
    spark: SparkSession,
    source: Path,
    predictions: Path,
    problem: Problem,
    due: bool,
    encoder: Encoder,
    reference: Reference,
) -> Observation | None:
    """Count a period; see `longhaul.monitoring.observation.observe`.

    Parameters
    ----------
    spark : SparkSession
    source, predictions : Path
        The rows, and their predictions, whose column ``row`` has the places of the rows.
    problem : Problem
    due : bool
        False where outcomes must not be used yet.
    encoder : Encoder
    reference : Reference

    Raises
    ------
    LonghaulError
        When the predictions are of other rows.
    """
    names = batches.monitored_columns(problem.target, parquet.schema(predictions).names)
    predicted = tables.read(spark, predictions).select(
        of.col("row").alias(ROW), *[of.col(name).alias(_PREFIX + name) for name in names]
    )
    rows = tables.read(spark, source)
    pairs = rows.join(predicted, ROW)
    have = len(batches.predicted_places(source, predictions))
    count = spark.sparkContext.broadcast((problem, due, encoder, reference, names))
    parts = pairs.mapInArrow(_counting(count), "part binary").rdd.map(
        lambda row: pickle.loads(row.part)  # Spark's own way between its processes
    )
    if not have:
        return None
    total: PartialObservation = parts.treeReduce(operator.add)
    if total.sketch.rows != have:
        raise _mismatch(predictions, total.sketch.rows, source, have)
    return total.finish(encoder, problem)


def _mismatch(predictions: Path, scored: int, source: Path, have: int) -> LonghaulError:
    return LonghaulError(
        f"{predictions.name}: {scored:,} predictions of its rows, but {source.name} has {have:,};"
        " score it again"
    )


def _counting(
    shared: Broadcast[Any],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return a function that counts all rows that a worker gets at once as one part."""

    def count(stream: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        problem, due, encoder, reference, names = shared.value
        total: PartialObservation | None = None
        for batch in stream:
            columns = {
                name: batch.column(_PREFIX + name).to_numpy(zero_copy_only=False) for name in names
            }
            rows = batch.column(ROW).to_numpy()
            frame = batch.drop_columns([ROW, *[_PREFIX + name for name in names]]).to_pandas()
            outcome = batches.read_outcome(frame, problem.target, due)
            batch_rows = batches.align(frame, columns, outcome, problem, rows)
            part = PartialObservation.of(batch_rows, encoder, reference)
            total = part if total is None else total + part
        if total is not None:
            yield pa.record_batch({"part": pa.array([pickle.dumps(total)], pa.binary())})

    return count
