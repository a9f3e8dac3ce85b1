"""Prediction of one period by the model's `spark_udf`, from and to folders of Parquet files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as of

from longhaul.data import parquet
from longhaul.engines.spark import tables
from longhaul.engines.spark.tables import ROW, quoted
from longhaul.model import correction as corrections
from longhaul.model import predictions
from longhaul.model.correction import Correction
from longhaul.model.predictions import Provenance
from longhaul.model.predictor import Predictor
from longhaul.problem import Problem
from longhaul.tasks import TASKS

_PREDICTION = "_longhaul_prediction"


def write(
    spark: SparkSession,
    source: Path,
    target: Path,
    uri: str,
    predictor: Predictor,
    problem: Problem,
    provenance: Provenance,
    correction: Correction | None = None,
) -> None:
    """Predict the rows of one file of a table; write another, as a folder of parts.

    The predictions are those of `longhaul.model.predictions.write`, in the same order.

    Parameters
    ----------
    spark : SparkSession
    source, target : Path
    uri : str
        Of the model, such as ``models:/flights/3``.
    predictor : Predictor
        That of the same model.
    problem : Problem
    provenance : Provenance
    correction : Correction or None
        Of the version, for two classes.
    """
    names = parquet.schema(source).names
    schema = predictions.schema_of(parquet.schema(source), problem)
    columns = TASKS[problem.target.task_type].schema
    predicted = pa.schema({name: columns[name] for name in columns if name != "outcome"})
    predict = mlflow.pyfunc.spark_udf(
        spark, uri, result_type=tables.types(predicted), env_manager="local"
    )
    kept = [problem.target.column, *([problem.time.column] if problem.time else [])]
    # Ordered before it is predicted: to order it, Spark reads its input twice.
    rows = tables.read(spark, source).orderBy(ROW)
    pairs = rows.select(
        ROW,
        *[quoted(name) for name in dict.fromkeys(kept) if name in names],
        predict(of.struct(*[quoted(name) for name in predictor.features if name in names])).alias(
            _PREDICTION
        ),
    )
    complete = _complete(problem, predictor.threshold, correction)
    assemble = _assemble(problem, provenance, schema, predicted.names, complete)
    records = pairs.mapInArrow(assemble, tables.types(schema))
    tables.write(records, target)


def _assemble(
    problem: Problem,
    provenance: Provenance,
    schema: pa.Schema,
    names: list[str],
    complete: Callable[[dict[str, Any], pd.DataFrame], dict[str, Any]],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return a function that assembles the record of each prediction."""

    def assemble(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            frame = batch.drop_columns([ROW, _PREDICTION]).to_pandas()
            rows = batch.column(ROW).to_numpy()
            predicted: Any = batch.column(_PREDICTION)
            columns = {name: predicted.field(names.index(name)) for name in names}
            table = predictions.assemble(
                frame, np.asarray(rows), complete(columns, frame), problem, provenance, schema
            )
            yield from table.to_batches()

    return assemble


def _complete(
    problem: Problem, threshold: float, correction: Correction | None
) -> Callable[[dict[str, Any], pd.DataFrame], dict[str, Any]]:
    """Return a function that completes the columns of the model as `predictions.predict` does."""

    def complete(columns: dict[str, Any], frame: pd.DataFrame) -> dict[str, Any]:
        if problem.target.task_type != "binary":
            return columns
        scores = columns["probability"].to_numpy(zero_copy_only=False)
        times = predictions.times_of(frame, problem)
        return dict(corrections.columns(scores, times, threshold, correction))

    return complete
