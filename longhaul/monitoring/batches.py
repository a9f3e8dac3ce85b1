"""A period's rows side by side with their predictions, a batch at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.data.labels import outcomes
from longhaul.errors import LonghaulError
from longhaul.monitoring.scores import UNKNOWN
from longhaul.problem import Target

BATCH_ROWS = 50_000
_COLUMNS = ["row", "probability", "decision"]


@dataclass(frozen=True)
class Batch:
    """Some rows with their predictions.

    Attributes
    ----------
    frame : DataFrame of n rows
    probability : ndarray of float, shape (n,)
    decision : ndarray of bool, shape (n,)
    outcome : ndarray of int, shape (n,)
        0, 1, or 2 where it is not known: see `longhaul.monitoring.scores`.
    """

    frame: pd.DataFrame
    probability: np.ndarray
    decision: np.ndarray
    outcome: np.ndarray


def read(
    source: Path, predictions: Path, target: Target | None, rows: int = BATCH_ROWS
) -> Iterator[Batch]:
    """Read both files in step.

    Parameters
    ----------
    source : Path
        The rows, as a Parquet file.
    predictions : Path
        Of these very rows in the same order, as `longhaul.model.predictions.write` leaves them.
    target : Target or None
        None where outcomes are not to be looked at: they are not due yet.
    rows : int
        The most to hold at once.

    Raises
    ------
    LonghaulError
        When a file cannot be read, or the predictions are of other rows.
    """
    try:
        with pq.ParquetFile(source) as table, pq.ParquetFile(predictions) as scored:
            if table.metadata.num_rows != scored.metadata.num_rows:
                raise LonghaulError(
                    f"{predictions.name}: {scored.metadata.num_rows:,} predictions, but"
                    f" {source.name} has {table.metadata.num_rows:,} rows; score it again"
                )
            pairs = zip(
                table.iter_batches(rows), scored.iter_batches(rows, columns=_COLUMNS), strict=True
            )
            start = 0
            for frame, said in pairs:
                yield _batch(frame.to_pandas(), said, start, predictions, target)
                start += frame.num_rows
    except (pa.ArrowInvalid, FileNotFoundError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"{predictions}: cannot be read as Parquet: {reason}") from None


def _batch(
    frame: pd.DataFrame, said: pa.RecordBatch, start: int, origin: Path, target: Target | None
) -> Batch:
    if not np.array_equal(said.column("row").to_numpy(), np.arange(start, start + len(frame))):
        raise LonghaulError(f"{origin.name}: predictions are not in the order of the rows")
    probability = said.column("probability").to_numpy(zero_copy_only=False)
    decision = said.column("decision").to_numpy(zero_copy_only=False).astype(bool)
    return Batch(frame, probability, decision, _outcome(frame, target))


def _outcome(frame: pd.DataFrame, target: Target | None) -> np.ndarray:
    """Each row's outcome; unknown where there is none, or it is not to be looked at."""
    found = np.full(len(frame), UNKNOWN, dtype=np.int64)
    if target is not None and target.column in frame.columns:
        known = frame[target.column].notna().to_numpy()
        found[known] = outcomes(frame[known].infer_objects(), target)
    return found
