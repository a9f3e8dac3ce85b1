"""Recalibrated prediction files: a correction applied to the predictions that a period has."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.data import parquet
from longhaul.model import correction as corrections
from longhaul.model.correction import RAW, SCHEMA, SHIFT, Correction
from longhaul.model.predictions import BATCH_ROWS
from longhaul.problem import Problem


def write(
    source: Path,
    target: Path,
    problem: Problem,
    threshold: float,
    correction: Correction,
    batch_rows: int = BATCH_ROWS,
) -> None:
    """Write predictions again, corrected from what the model itself gave.

    All columns but probability, decision and shift stay as they are. A file that was written
    before there were corrections gets the two columns that it lacks.

    Parameters
    ----------
    source, target : Path
        As `longhaul.model.predictions.write` wrote it; a folder of parts becomes one file.
    problem : Problem
    threshold : float
        The model's own.
    correction : Correction
    batch_rows : int
        Rows per batch; one is in memory at once.
    """
    schema = parquet.schema(source)
    for name in SCHEMA.keys() - set(schema.names):
        schema = schema.append(pa.field(name, SCHEMA[name]))
    with pq.ParquetWriter(target, schema) as writer:
        for batch in parquet.stream(source, batch_rows):
            raw = batch.column(RAW if RAW in batch.schema.names else "probability").to_numpy()
            columns: dict[str, Any] = dict(zip(batch.schema.names, batch.columns, strict=True))
            columns |= corrections.columns(raw, _times(batch, problem), threshold, correction)
            writer.write_table(pa.table({name: columns[name] for name in schema.names}, schema))


def shifted_rows(predictions: Path, batch_rows: int = BATCH_ROWS) -> int:
    """Count the rows of a file of predictions that a correction has shifted."""
    if SHIFT not in parquet.schema(predictions).names:
        return 0
    batches = parquet.stream(predictions, batch_rows, [SHIFT])
    return sum(int(np.count_nonzero(batch.column(0))) for batch in batches)


def would_shift(
    predictions: Path, problem: Problem, correction: Correction, batch_rows: int = BATCH_ROWS
) -> bool:
    """Return whether a correction shifts a row of a file of predictions."""
    column = problem.time.column if problem.time else ""
    if not correction.active or column not in parquet.schema(predictions).names:
        return bool(correction.current)
    batches = parquet.stream(predictions, batch_rows, [column])
    return any(correction.shift(_column(batch, column)).any() for batch in batches)


def _times(batch: pa.RecordBatch, problem: Problem) -> pd.Series | None:
    column = problem.time.column if problem.time else ""
    return _column(batch, column) if column in batch.schema.names else None


def _column(batch: pa.RecordBatch, name: str) -> pd.Series:
    return batch.column(name).to_pandas()
