"""Predictions of one period by the model's `spark_udf`, from and to folders of Parquet files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as of

from longhaul.data import parquet
from longhaul.engines.spark import tables
from longhaul.engines.spark.tables import ROW, quoted
from longhaul.model import predictions
from longhaul.model.predictions import Provenance
from longhaul.problem import Problem
from longhaul.tasks import TASKS

_PREDICTION = "_longhaul_prediction"


def write(
    spark: SparkSession,
    source: Path,
    target: Path,
    uri: str,
    features: list[str],
    problem: Problem,
    origin: Provenance,
) -> None:
    """Predict the rows of one file of a table; write another, as a folder of parts.

    The predictions are those of `longhaul.model.predictions.write`, in the same order.

    Parameters
    ----------
    spark : SparkSession
    source, target : Path
    uri : str
        Of the model, such as ``models:/flights/3``.
    features : list of str
        The columns that it reads.
    problem : Problem
    origin : Origin
    """
    kind = problem.target.task_type
    found = parquet.schema(source)
    schema = predictions.schema_of(found, problem)
    told = pa.schema({k: v for k, v in TASKS[kind].schema.items() if k != "outcome"})
    predict = mlflow.pyfunc.spark_udf(
        spark, uri, result_type=tables.types(told), env_manager="local"
    )
    kept = [problem.target.column, *([problem.time.column] if problem.time else [])]
    rows = tables.read(spark, source)
    said = rows.select(
        ROW,
        *[quoted(name) for name in dict.fromkeys(kept) if name in found.names],
        predict(of.struct(*[quoted(name) for name in features if name in found.names])).alias(
            _PREDICTION
        ),
    )
    whole = said.mapInArrow(_assembled(problem, origin, schema, told.names), tables.types(schema))
    tables.write(whole.orderBy("row"), target)


def _assembled(
    problem: Problem, origin: Provenance, schema: pa.Schema, names: list[str]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What makes a prediction's record of each row."""

    def assemble(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            frame = batch.drop_columns([ROW, _PREDICTION]).to_pandas()
            rows = batch.column(ROW).to_numpy()
            answers: Any = batch.column(_PREDICTION)
            said = {name: answers.field(names.index(name)) for name in names}
            table = predictions.assemble(frame, np.asarray(rows), said, problem, origin, schema)
            yield from table.to_batches()

    return assemble
