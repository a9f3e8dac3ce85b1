"""Batches of a period's rows, aligned with their predictions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api import types

from longhaul.data import clusters, parquet, periods
from longhaul.data.labels import has_label, outcomes
from longhaul.errors import LonghaulError
from longhaul.model import predictions as prediction_files
from longhaul.model.correction import RAW
from longhaul.monitoring.scores import UNKNOWN
from longhaul.problem import TIME_CLUSTERS, Problem, Target
from longhaul.tasks import TASKS, multiclass

BATCH_ROWS = 50_000
_COUNTED = ("probability", "decision", "probabilities", "prediction")


@dataclass(frozen=True)
class ScoredColumns:
    """Predictions with their outcomes, as counts take them.

    Attributes
    ----------
    probability : ndarray of float, shape (n,)
        Of the positive class, or of the class decided for; or the predicted number.
    decision : ndarray of bool, shape (n,)
        All true where there are not two classes.
    outcome : ndarray, shape (n,)
        Of two classes 0, 1, or 2 where it is unknown: see `longhaul.monitoring.scores`. Of several,
        1 is a correct decision. Of numbers the observed one, NaN where it is unknown.
    code : ndarray of int, shape (n,), or None
        The class decided for, among several.
    label : ndarray of float, shape (n,), or None
        The outcome, among several classes; -1 for an undeclared one, NaN where it is unknown.
    probabilities : ndarray of float, shape (n, k), or None
        Of several classes.
    """

    probability: np.ndarray
    decision: np.ndarray
    outcome: np.ndarray
    code: np.ndarray | None = None
    label: np.ndarray | None = None
    probabilities: np.ndarray | None = None

    @property
    def predictions(self) -> np.ndarray:
        """Values that a histogram of predictions counts: float32 of shape (n,)."""
        return (self.probability if self.code is None else self.code).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Batch(ScoredColumns):
    """Rows with their predictions.

    Attributes
    ----------
    frame : DataFrame of n rows
    raw : ndarray of float, shape (n,)
        The probability or number that the model itself gave, before any correction.
    cluster : ndarray of str, shape (n,)
        See `longhaul.data.clusters`.
    day : ndarray of str, shape (n,), or None
        None where no column orders the rows.
    """

    frame: pd.DataFrame
    raw: np.ndarray
    cluster: np.ndarray
    day: np.ndarray | None = None


def align(
    frame: pd.DataFrame,
    columns: Mapping[str, Any],
    outcome: np.ndarray,
    problem: Problem,
    rows: np.ndarray,
) -> Batch:
    """Align rows with their predictions and outcomes.

    Parameters
    ----------
    frame : DataFrame of n rows
    columns : mapping
        Predictions, column by column, see `longhaul.tasks.Task.columns`.
    outcome : ndarray of float, shape (n,)
        As `longhaul.data.labels.outcomes` returns it; NaN where it is unknown.
    problem : Problem
    rows : ndarray of int, shape (n,)
        Their positions in the table of the period.
    """
    scored = score_columns(columns, outcome, problem.target)
    raw = np.asarray(columns.get(RAW, scored.probability), dtype=np.float64)
    return Batch(
        **vars(scored),
        frame=frame,
        raw=raw,
        cluster=_clusters(frame, problem, rows),
        day=_days(frame, problem),
    )


def score_columns(columns: Mapping[str, Any], outcome: np.ndarray, target: Target) -> ScoredColumns:
    """Convert predictions, column by column, and outcomes to what counts take; see `align`."""
    labelled, positive = ~np.isnan(outcome), np.ones(len(outcome), dtype=bool)
    if target.task_type == "regression":
        return ScoredColumns(np.asarray(columns["prediction"], dtype=np.float64), positive, outcome)
    probability = np.asarray(columns["probability"], dtype=np.float64)
    if target.task_type == "binary":
        decision = np.asarray(columns["decision"], dtype=bool)
        label = np.where(labelled, outcome, UNKNOWN).astype(int)
        return ScoredColumns(probability, decision, label)
    codes = {name: code for code, name in enumerate(target.classes)}
    code = np.array([codes[name] for name in columns["decision"]], dtype=np.int64)
    correct = np.where(labelled, code == outcome, UNKNOWN).astype(int)
    probabilities = multiclass.scores(columns)
    return ScoredColumns(probability, positive, correct, code, outcome, probabilities)


def _clusters(frame: pd.DataFrame, problem: Problem, rows: np.ndarray) -> np.ndarray:
    """Return the cluster of each row; one for all where the times that make clusters are broken."""
    if problem.sampling_unit in TIME_CLUSTERS and not _has_times(frame, problem):
        return np.full(len(frame), "unknown")
    return clusters.of(frame, problem, rows)


def _has_times(frame: pd.DataFrame, problem: Problem) -> bool:
    """Return whether a column orders the rows, and holds times."""
    time = problem.time
    return (
        time is not None
        and time.column in frame.columns
        and types.is_datetime64_any_dtype(frame[time.column])
    )


def _days(frame: pd.DataFrame, problem: Problem) -> np.ndarray | None:
    """Return the day of each row; None where no column orders the rows."""
    if problem.time is None or not _has_times(frame, problem):
        return None
    return periods.labels(frame[problem.time.column], "day").to_numpy(dtype=str)


def read(
    source: Path,
    predictions: Path,
    problem: Problem,
    due: bool,
    rows: int = BATCH_ROWS,
    columns: list[str] | None = None,
) -> Iterator[Batch]:
    """Read rows and predictions, batch by batch.

    Parameters
    ----------
    source : Path
        The rows, as a Parquet file.
    predictions : Path
        Of the same rows in the same order, as `longhaul.model.predictions.write` wrote them; or of
        those that a version has served, see `predicted_places`.
    problem : Problem
    due : bool
        False where labels are not to be read yet.
    rows : int
        The most to hold at once.
    columns : list of str, optional
        Of the rows, to read; all when it is not given.

    Raises
    ------
    LonghaulError
        When a file cannot be read, or the predictions are of other rows.
    """
    places = predicted_places(source, predictions)
    names = monitored_columns(problem.target, parquet.schema(predictions).names)
    pairs = zip(
        parquet.stream(source, rows, columns, places),
        parquet.stream(predictions, rows, ["row", *names]),
        strict=True,
    )
    start = places.start
    for frame, scored_rows in pairs:
        yield _align(frame.to_pandas(), scored_rows, start, predictions, problem, due)
        start += frame.num_rows


def predicted_places(source: Path, predictions: Path) -> range:
    """Return the places of the rows that were predicted: all, or those that a version has served.

    Served predictions have the id of a request. In a period in which the champion changed, the rows
    of a version stand together.

    Parameters
    ----------
    source, predictions : Path
        See `read`.

    Raises
    ------
    LonghaulError
        When the predictions are of other rows.
    """
    have, scored = parquet.count(source), parquet.count(predictions)
    if have == scored:
        return range(have)
    if scored and prediction_files.is_served(predictions):
        start = next(parquet.stream(predictions, 1, ["row"])).column("row")[0].as_py()
        if start + scored <= have:
            return range(start, start + scored)
    raise LonghaulError(
        f"{predictions.name}: {scored:,} predictions, but {source.name} has {have:,} rows;"
        " score it again"
    )


def monitored_columns(target: Target, stored: Iterable[str]) -> list[str]:
    """Return the columns of predictions that monitoring counts, of those that are stored."""
    names = [name for name in TASKS[target.task_type].schema if name in _COUNTED]
    return [*names, *(RAW for name in stored if name == RAW)]


def _align(
    frame: pd.DataFrame,
    predictions: pa.RecordBatch,
    start: int,
    origin: Path,
    problem: Problem,
    due: bool,
) -> Batch:
    rows = np.arange(start, start + len(frame))
    if not np.array_equal(predictions.column("row").to_numpy(), rows):
        raise LonghaulError(
            f"{origin.name}: predictions are not in the order of the rows; score the period again"
        )
    columns = {
        name: predictions.column(name).to_numpy(zero_copy_only=False)
        for name in predictions.schema.names
        if name != "row"
    }
    return align(frame, columns, read_outcome(frame, problem.target, due), problem, rows)


def read_outcome(frame: pd.DataFrame, target: Target, due: bool) -> np.ndarray:
    """Return each row's outcome; NaN where it is unknown or not due."""
    values = np.full(len(frame), np.nan)
    labelled = has_label(frame, target)
    if due and labelled.any():
        values[labelled] = outcomes(frame[labelled].infer_objects(), target)
    return values
