"""Batches of a period's rows, aligned with their predictions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from longhaul.data import parquet
from longhaul.data.labels import has_label, outcomes
from longhaul.errors import LonghaulError
from longhaul.monitoring.scores import UNKNOWN
from longhaul.problem import Target
from longhaul.tasks import TASKS

BATCH_ROWS = 50_000
_COUNTED = ("probability", "decision", "prediction")


@dataclass(frozen=True)
class Batch:
    """Rows with their predictions.

    Attributes
    ----------
    frame : DataFrame of n rows
    probability : ndarray of float, shape (n,)
        Of the positive class, or of the class decided for; or the predicted number.
    decision : ndarray of bool, shape (n,)
        All true where there are not two classes.
    outcome : ndarray, shape (n,)
        Of two classes 0, 1, or 2 where it is unknown: see `longhaul.monitoring.scores`. Of several,
        1 is a correct decision. Of numbers the observed one, NaN where it is unknown.
    code : ndarray of int, shape (n,), or None
        The class decided for, among several.
    """

    frame: pd.DataFrame
    probability: np.ndarray
    decision: np.ndarray
    outcome: np.ndarray
    code: np.ndarray | None = None

    @property
    def predictions(self) -> np.ndarray:
        """Values that a histogram of predictions counts: float32 of shape (n,)."""
        return (self.probability if self.code is None else self.code).astype(np.float32)


def align(
    frame: pd.DataFrame, columns: Mapping[str, Any], outcome: np.ndarray, target: Target
) -> Batch:
    """Align rows with their predictions and outcomes.

    Parameters
    ----------
    frame : DataFrame of n rows
    columns : mapping
        Predictions, column by column, see `longhaul.tasks.Task.columns`.
    outcome : ndarray of float, shape (n,)
        As `longhaul.data.labels.outcomes` returns it; NaN where it is unknown.
    target : Target
    """
    labelled = ~np.isnan(outcome)
    if target.task_type == "regression":
        prediction = np.asarray(columns["prediction"], dtype=np.float64)
        return Batch(frame, prediction, np.ones(len(frame), dtype=bool), outcome)
    probability = np.asarray(columns["probability"], dtype=np.float64)
    if target.task_type == "binary":
        decision = np.asarray(columns["decision"], dtype=bool)
        return Batch(frame, probability, decision, np.where(labelled, outcome, UNKNOWN).astype(int))
    codes = {name: code for code, name in enumerate(target.classes)}
    code = np.array([codes[name] for name in columns["decision"]], dtype=np.int64)
    correct = np.where(labelled, code == outcome, UNKNOWN).astype(int)
    return Batch(frame, probability, np.ones(len(frame), dtype=bool), correct, code)


def read(
    source: Path, predictions: Path, target: Target, due: bool, rows: int = BATCH_ROWS
) -> Iterator[Batch]:
    """Read rows and predictions, batch by batch.

    Parameters
    ----------
    source : Path
        The rows, as a Parquet file.
    predictions : Path
        Of the same rows in the same order, as `longhaul.model.predictions.write` wrote them.
    target : Target
    due : bool
        False where labels are not to be read yet.
    rows : int
        The most to hold at once.

    Raises
    ------
    LonghaulError
        When a file cannot be read, or the predictions are of other rows.
    """
    have, scored = parquet.count(source), parquet.count(predictions)
    if have != scored:
        raise LonghaulError(
            f"{predictions.name}: {scored:,} predictions, but {source.name} has {have:,} rows;"
            " score it again"
        )
    pairs = zip(
        parquet.stream(source, rows),
        parquet.stream(predictions, rows, ["row", *monitored_columns(target)]),
        strict=True,
    )
    start = 0
    for frame, scored_rows in pairs:
        yield _align(frame.to_pandas(), scored_rows, start, predictions, target, due)
        start += frame.num_rows


def monitored_columns(target: Target) -> list[str]:
    """Return the columns of predictions that monitoring counts."""
    return [name for name in TASKS[target.task_type].schema if name in _COUNTED]


def _align(
    frame: pd.DataFrame,
    predictions: pa.RecordBatch,
    start: int,
    origin: Path,
    target: Target,
    due: bool,
) -> Batch:
    if not np.array_equal(
        predictions.column("row").to_numpy(), np.arange(start, start + len(frame))
    ):
        raise LonghaulError(
            f"{origin.name}: predictions are not in the order of the rows; score the period again"
        )
    columns = {
        name: predictions.column(name).to_numpy(zero_copy_only=False)
        for name in predictions.schema.names
        if name != "row"
    }
    return align(frame, columns, read_outcome(frame, target, due), target)


def read_outcome(frame: pd.DataFrame, target: Target, due: bool) -> np.ndarray:
    """Return each row's outcome; NaN where it is unknown or not due."""
    values = np.full(len(frame), np.nan)
    labelled = has_label(frame, target)
    if due and labelled.any():
        values[labelled] = outcomes(frame[labelled].infer_objects(), target)
    return values
