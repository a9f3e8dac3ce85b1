"""Predictions of one period on disk, made batch by batch: memory does not grow with the table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.data.labels import outcomes
from longhaul.errors import LonghaulError
from longhaul.model.predictor import Predictor
from longhaul.problem import Problem

BATCH_ROWS = 50_000

# What every prediction is kept with, whether it was made in a batch or by a service.
COLUMNS = {
    "request": pa.string(),
    "row": pa.int64(),
    "period": pa.string(),
    "model": pa.string(),
    "version": pa.string(),
    "predicted_at": pa.timestamp("us", "UTC"),
    "probability": pa.float64(),
    "decision": pa.bool_(),
    "outcome": pa.bool_(),
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
        period, model, version, predicted_at, probability, decision, outcome (null where it is not
        known), and the problem's time column.
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


def read(path: Path) -> pd.DataFrame:
    """Of predictions in a file or a folder, what their quality depends on.

    Returns
    -------
    DataFrame
        With the columns probability, decision and outcome.
    """
    return pd.read_parquet(path, columns=["probability", "decision", "outcome"])


def _batches(file: pq.ParquetFile, rows: int) -> Iterator[tuple[int, pd.DataFrame]]:
    """The rows in batches, each with the position of its first."""
    start = 0
    for batch in file.iter_batches(batch_size=rows):
        yield start, batch.to_pandas()
        start += batch.num_rows


def _schema(found: pa.Schema, problem: Problem) -> pa.Schema:
    name = problem.time.column
    time = {name: found.field(name).type} if name in found.names else {}
    return pa.schema({**COLUMNS, **{k: v for k, v in time.items() if k not in COLUMNS}})


def _predict(
    frame: pd.DataFrame, start: int, predictor: Predictor, problem: Problem, origin: Origin
) -> dict[str, object]:
    probability = predictor.probability(frame)
    count = len(frame)
    return {
        **{str(name): frame[name] for name in [problem.time.column] if name in frame},
        "request": [None] * count,
        "row": np.arange(start, start + count),
        "period": [origin.period] * count,
        "model": [origin.model] * count,
        "version": [origin.version] * count,
        "predicted_at": [origin.at] * count,
        "probability": probability,
        "decision": predictor.decide(probability),
        "outcome": _outcome(frame, problem),
    }


def _outcome(frame: pd.DataFrame, problem: Problem) -> pd.Series:
    """The outcome where there is one: nullable booleans."""
    found = pd.Series(pd.NA, index=frame.index, dtype="boolean")
    if problem.target.column in frame.columns:
        known = frame[problem.target.column].notna().to_numpy()
        found[known] = outcomes(frame[known].infer_objects(), problem.target)
    return found
