"""Predictions of one period on disk, made batch by batch: memory does not grow with the table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.data.labels import known, outcomes
from longhaul.errors import LonghaulError
from longhaul.model.predictor import Predictor
from longhaul.problem import Problem
from longhaul.tasks import TASKS
from longhaul.tasks.kind import Kind

BATCH_ROWS = 50_000

# Where every prediction comes from, whether it was made in a batch or by a service.
ORIGIN = {
    "request": pa.string(),
    "row": pa.int64(),
    "period": pa.string(),
    "model": pa.string(),
    "version": pa.string(),
    "predicted_at": pa.timestamp("us", "UTC"),
}


@dataclass(frozen=True)
class Origin:
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
    origin: Origin,
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
        The most rows to hold at once.

    Raises
    ------
    LonghaulError
        When `source` cannot be read.
    """
    try:
        with pq.ParquetFile(source) as file:
            schema = _schema(file.schema_arrow, problem)
            with pq.ParquetWriter(target, schema) as writer:
                for start, frame in _batches(file, batch_rows):
                    columns = _predict(frame, start, predictor, problem, origin)
                    writer.write_table(pa.table({n: columns[n] for n in schema.names}, schema))
    except (pa.ArrowInvalid, FileNotFoundError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"{source}: cannot be read as Parquet: {reason}") from None


def columns(kind: Kind) -> dict[str, pa.DataType]:
    """What every prediction of a kind is kept with."""
    return {**ORIGIN, **TASKS[kind].schema}


def read(path: Path, kind: Kind) -> pd.DataFrame:
    """Of predictions in a file or a folder, what their quality depends on.

    Returns
    -------
    DataFrame
        With the columns of the task's `schema`.
    """
    return pd.read_parquet(path, columns=list(TASKS[kind].schema))


def _batches(file: pq.ParquetFile, rows: int) -> Iterator[tuple[int, pd.DataFrame]]:
    """The rows in batches, each with the position of its first."""
    start = 0
    for batch in file.iter_batches(batch_size=rows):
        yield start, batch.to_pandas()
        start += batch.num_rows


def _schema(found: pa.Schema, problem: Problem) -> pa.Schema:
    known = columns(problem.target.kind)
    names = [problem.time.column] if problem.time else []
    time = {name: found.field(name).type for name in names if name in found.names}
    return pa.schema({**known, **{k: v for k, v in time.items() if k not in known}})


def _predict(
    frame: pd.DataFrame, start: int, predictor: Predictor, problem: Problem, origin: Origin
) -> dict[str, object]:
    count = len(frame)
    time = [problem.time.column] if problem.time else []
    return {
        **{str(name): frame[name] for name in time if name in frame},
        "request": [None] * count,
        "row": np.arange(start, start + count),
        "period": [origin.period] * count,
        "model": [origin.model] * count,
        "version": [origin.version] * count,
        "predicted_at": [origin.at] * count,
        **predictor.columns(predictor.scores(frame)),
        "outcome": _outcome(frame, problem, predictor),
    }


def _outcome(frame: pd.DataFrame, problem: Problem, predictor: Predictor) -> list[Any]:
    """The outcome where there is one, else None."""
    labelled = known(frame, problem.target)
    if not labelled.any():
        return [None] * len(frame)
    found = outcomes(frame[labelled].infer_objects(), problem.target)
    told = iter(predictor.task.shown(found, predictor.classes).tolist())
    return [next(told) if one else None for one in labelled]
