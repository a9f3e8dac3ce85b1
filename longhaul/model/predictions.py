"""Predictions of one period on disk, made batch by batch: memory does not grow with the table."""

from collections.abc import Iterator, Mapping
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
from longhaul.model.predictor import Predictor
from longhaul.problem import Problem, TaskType
from longhaul.tasks import TASKS

BATCH_ROWS = 50_000

# Where every prediction comes from, whether it was made in a batch or by a service.
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
    """Which rows were predicted, by what, and when.

    Attributes
    ----------
    period : str
    model : str
        The registered model's name, or the run that logged it.
    version : str
        Of the registered model; empty for others.
    at : datetime
        When, in UTC.
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
    origin: Provenance,
    batch_rows: int = BATCH_ROWS,
) -> None:
    """Predict the rows of one Parquet file; write another.

    Parameters
    ----------
    source, target : Path
        The latter gets the columns request (null: nobody asked), row (the position in `source`),
        period, model, version, predicted_at, those of the task's `schema` (the outcome is null
        where it is not known), and the problem's time column.
    predictor : Predictor
    problem : Problem
    origin : Origin
    batch_rows : int
        Of a batch; a few batches are held at once.

    Raises
    ------
    LonghaulError
        When `source` cannot be read.
    """
    schema = schema_of(parquet.schema(source), problem)

    def predicted() -> Iterator[pa.Table]:
        start = 0
        for frame in prefetch(batch.to_pandas() for batch in parquet.stream(source, batch_rows)):
            rows = np.arange(start, start + len(frame))
            yield table(frame, rows, predictor, problem, origin, schema)
            start += len(frame)

    with pq.ParquetWriter(target, schema) as writer:
        for part in prefetch(predicted()):  # read, predicted and written side by side
            writer.write_table(part)


def columns(task_type: TaskType) -> dict[str, pa.DataType]:
    """What every prediction of a kind is kept with."""
    return {**PROVENANCE_SCHEMA, **TASKS[task_type].schema}


def read(path: Path, task_type: TaskType) -> pd.DataFrame:
    """Of predictions in a file or a folder, what their quality depends on.

    Returns
    -------
    DataFrame
        With the columns of the task's `schema`.
    """
    return pd.read_parquet(path, columns=list(TASKS[task_type].schema))


def schema_of(found: pa.Schema, problem: Problem) -> pa.Schema:
    """The columns of predictions of a table that has those `found`."""
    known = columns(problem.target.task_type)
    names = [problem.time.column] if problem.time else []
    time = {name: found.field(name).type for name in names if name in found.names}
    return pa.schema({**known, **{k: v for k, v in time.items() if k not in known}})


def table(
    frame: pd.DataFrame,
    rows: np.ndarray,
    predictor: Predictor,
    problem: Problem,
    origin: Provenance,
    schema: pa.Schema,
) -> pa.Table:
    """Predict n rows, of which `rows` are the positions."""
    said = predictor.columns(predictor.scores(frame))
    return assemble(frame, rows, said, problem, origin, schema)


def assemble(
    frame: pd.DataFrame,
    rows: np.ndarray,
    said: Mapping[str, Any],
    problem: Problem,
    origin: Provenance,
    schema: pa.Schema,
) -> pa.Table:
    """Put n predictions, column by column, beside what is kept with them."""
    count = len(frame)
    time = [problem.time.column] if problem.time else []
    found = {
        **{str(name): frame[name] for name in time if name in frame},
        "request": pa.nulls(count, pa.string()),
        "row": rows,
        "period": pa.repeat(origin.period, count),
        "model": pa.repeat(origin.model, count),
        "version": pa.repeat(origin.version, count),
        "predicted_at": pa.repeat(pa.scalar(origin.at, PROVENANCE_SCHEMA["predicted_at"]), count),
        **said,
        "outcome": _outcome(frame, problem),
    }
    return pa.table({name: found[name] for name in schema.names}, schema)


def _outcome(frame: pd.DataFrame, problem: Problem) -> Any:
    """The outcome where there is one, else null."""
    labelled = has_label(frame, problem.target)
    if not labelled.any():
        return pa.nulls(len(frame))
    found = outcomes(frame[labelled].infer_objects(), problem.target)
    told = TASKS[problem.target.task_type].decode(found, problem.target.classes)
    if labelled.all():
        return told
    whole = np.empty(len(frame), dtype=object)
    whole[labelled] = told
    return pa.array(whole, from_pandas=True)
