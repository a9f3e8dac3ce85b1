"""Prediction files of a period, written batch by batch in constant memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.data import parquet
from longhaul.data.labels import has_label, outcomes
from longhaul.data.prefetch import prefetch
from longhaul.model import correction as corrections
from longhaul.model.correction import Correction
from longhaul.model.predictor import Predictor
from longhaul.problem import Problem
from longhaul.task_type import TaskType
from longhaul.tasks import TASKS

BATCH_ROWS = 50_000

# Provenance columns of every prediction, from a batch or from a service.
PROVENANCE_SCHEMA = {
    "request": pa.string(),
    "row": pa.int64(),
    "period": pa.string(),
    "model": pa.string(),
    "version": pa.string(),
    "predicted_at": pa.timestamp("us", "UTC"),
}


@dataclass(frozen=True)
class Provenance:
    """Period, model and time of predictions.

    Attributes
    ----------
    period : str
    model : str
        Name of the registered model, or ID of the run that logged the model.
    version : str
        Version of the registered model; empty for others.
    at : datetime
        Time of the prediction, in UTC.
    """

    period: str
    model: str
    version: str
    at: datetime


def write(
    source: Path,
    target: Path,
    predictor: Predictor,
    problem: Problem,
    provenance: Provenance,
    batch_rows: int = BATCH_ROWS,
    correction: Correction | None = None,
) -> None:
    """Predict the rows of one Parquet file into another.

    Parameters
    ----------
    source, target : Path
        `target` gets the columns request (null in batches), row (the position in `source`), period,
        model, version, predicted_at, those of `predicted` (the outcome is null where it is not
        known), and the problem's time column.
    predictor : Predictor
    problem : Problem
    provenance : Provenance
    batch_rows : int
        Rows per batch; a few batches are in memory at once.
    correction : Correction or None
        Of the version, for two classes.

    Raises
    ------
    LonghaulError
        When `source` cannot be read.
    """
    schema = schema_of(parquet.schema(source), problem)

    def predict_batches() -> Iterator[pa.Table]:
        start = 0
        for frame in prefetch(batch.to_pandas() for batch in parquet.stream(source, batch_rows)):
            rows = np.arange(start, start + len(frame))
            scores = predictor.scores(frame)
            columns = predict(scores, times_of(frame, problem), predictor, correction)
            yield assemble(frame, rows, columns, problem, provenance, schema)
            start += len(frame)

    with pq.ParquetWriter(target, schema) as writer:
        for part in prefetch(predict_batches()):  # reading, predicting and writing overlap
            writer.write_table(part)


def columns(task_type: TaskType) -> dict[str, pa.DataType]:
    """Return the columns of stored predictions of a task type."""
    return {**PROVENANCE_SCHEMA, **predicted(task_type)}


def predicted(task_type: TaskType) -> dict[str, pa.DataType]:
    """Return the columns of one prediction: the task's `schema` and, for two classes, two more.

    They are what the model itself gave, and its shift: see `longhaul.model.correction.columns`.
    """
    more = corrections.SCHEMA if task_type == "binary" else {}
    return {**TASKS[task_type].schema, **more}


def predict(
    scores: np.ndarray,
    times: pd.Series | Sequence[Any] | None,
    predictor: Predictor,
    correction: Correction | None,
) -> dict[str, Any]:
    """Convert scores to the columns of `predicted`, without the outcome.

    Parameters
    ----------
    scores : ndarray
        What the model itself gives, see `longhaul.tasks.Task`.
    times : Series, sequence or None
        See `longhaul.model.correction.columns`.
    predictor : Predictor
    correction : Correction or None
        Used for two classes only.
    """
    if predictor.task_type != "binary":
        return predictor.columns(scores)
    return dict(corrections.columns(scores, times, predictor.threshold, correction))


def times_of(frame: pd.DataFrame, problem: Problem) -> pd.Series | None:
    """Return the problem's time column; None where there is none."""
    column = problem.time.column if problem.time else None
    return frame[column] if column in frame.columns else None


def read(path: Path, task_type: TaskType) -> pd.DataFrame:
    """Read the columns that metrics need from a file or a folder of predictions.

    Returns
    -------
    DataFrame
        With the columns of the task's `schema`.
    """
    return pd.read_parquet(path, columns=list(TASKS[task_type].schema))


def is_served(path: Path) -> bool:
    """Return whether a service gave predictions: they have the ids of its requests."""
    first = next(parquet.stream(path, 1, ["request"]), None)
    return first is not None and bool(first.column("request")[0].is_valid)


def schema_of(source: pa.Schema, problem: Problem) -> pa.Schema:
    """Return the schema of predictions for a table with the schema `source`."""
    base = columns(problem.target.task_type)
    names = [problem.time.column] if problem.time else []
    time = {name: source.field(name).type for name in names if name in source.names}
    return pa.schema({**base, **{k: v for k, v in time.items() if k not in base}})


def assemble(
    frame: pd.DataFrame,
    rows: np.ndarray,
    columns: Mapping[str, Any],
    problem: Problem,
    provenance: Provenance,
    schema: pa.Schema,
) -> pa.Table:
    """Assemble the table of n predictions from their columns and provenance."""
    count = len(frame)
    time = [problem.time.column] if problem.time else []
    values = {
        **{str(name): frame[name] for name in time if name in frame},
        "request": pa.nulls(count, pa.string()),
        "row": rows,
        "period": pa.repeat(provenance.period, count),
        "model": pa.repeat(provenance.model, count),
        "version": pa.repeat(provenance.version, count),
        "predicted_at": pa.repeat(
            pa.scalar(provenance.at, PROVENANCE_SCHEMA["predicted_at"]), count
        ),
        **columns,
        "outcome": decoded_outcome(frame, problem),
    }
    return pa.table({name: values[name] for name in schema.names}, schema)


def decoded_outcome(frame: pd.DataFrame, problem: Problem) -> Any:
    """Return the outcomes; null where unknown."""
    labelled = has_label(frame, problem.target)
    if not labelled.any():
        return pa.nulls(len(frame))
    labels = outcomes(frame[labelled].infer_objects(), problem.target)
    decoded = TASKS[problem.target.task_type].decode(labels, problem.target.classes)
    if labelled.all():
        return decoded
    outcome = np.empty(len(frame), dtype=object)
    outcome[labelled] = decoded
    return pa.array(outcome, from_pandas=True)
