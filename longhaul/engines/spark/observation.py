"""What monitoring counts of one period, counted by Spark's workers and added up as a tree.

Each worker counts its rows with the code of `longhaul.monitoring`; counts are whole numbers, so
that they are those of one machine to the last digit, in whatever order parts are added. Sums of
floats are of n terms in another order: they agree within n times the rounding unit of float64,
relative to the sum of the absolute values (Higham 2002, Accuracy and Stability of Numerical
Algorithms, section 4.2).
"""

import operator
import pickle
from collections.abc import Callable, Iterable, Iterator
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
from longhaul.monitoring.observation import Observation, Part
from longhaul.monitoring.reference import Reference
from longhaul.problem import Target

_PREFIX = "_longhaul_said_"


def observe(
    spark: SparkSession,
    source: Path,
    predictions: Path,
    target: Target,
    due: bool,
    encoder: Encoder,
    reference: Reference,
    known: Iterable[str] = (),
) -> Observation | None:
    """Count a period; see `longhaul.monitoring.observation.observe`.

    Parameters
    ----------
    spark : SparkSession
    source, predictions : Path
        The rows, and their predictions, whose column ``row`` says of which.
    target : Target
    due : bool
        False where outcomes are not to be looked at yet.
    encoder : Encoder
    reference : Reference
    known : iterable of str

    Raises
    ------
    LonghaulError
        When the predictions are of other rows.
    """
    names = batches.monitored_columns(target)
    said = tables.read(spark, predictions).select(
        of.col("row").alias(ROW), *[of.col(name).alias(_PREFIX + name) for name in names]
    )
    rows = tables.read(spark, source)
    pairs = rows.join(said, ROW)
    have, scored = parquet.count(source), parquet.count(predictions)
    count = spark.sparkContext.broadcast((target, due, encoder, reference, names))
    parts = pairs.mapInArrow(_counting(count), "part binary").rdd.map(
        lambda one: pickle.loads(one.part)  # Spark's own way between its processes
    )
    if have != scored:
        raise _others(predictions, scored, source, have)
    if not have:
        return None
    whole: Part = parts.treeReduce(operator.add)
    if whole.sketch.rows != have:
        raise _others(predictions, whole.sketch.rows, source, have)
    return whole.observation(encoder, known)


def _others(predictions: Path, scored: int, source: Path, have: int) -> LonghaulError:
    return LonghaulError(
        f"{predictions.name}: {scored:,} predictions of its rows, but {source.name} has {have:,};"
        " score it again"
    )


def _counting(
    shared: Broadcast[Any],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What makes one part of all rows that a worker sees at once."""

    def count(stream: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        target, due, encoder, reference, names = shared.value
        whole: Part | None = None
        for batch in stream:
            said = {
                name: batch.column(_PREFIX + name).to_numpy(zero_copy_only=False) for name in names
            }
            frame = batch.drop_columns([ROW, *[_PREFIX + name for name in names]]).to_pandas()
            outcome = batches.read_outcome(frame, target, due)
            part = Part.of(batches.align(frame, said, outcome, target), encoder, reference)
            whole = part if whole is None else whole + part
        if whole is not None:
            yield pa.record_batch({"part": pa.array([pickle.dumps(whole)], pa.binary())})

    return count
