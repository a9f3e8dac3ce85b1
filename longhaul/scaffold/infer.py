"""Inference of a problem from an unknown table: target, features, windows and gate."""

from dataclasses import dataclass, replace
from math import ceil, pi, sqrt

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data import column_inference, labels
from longhaul.errors import LonghaulError
from longhaul.problem import Gate
from longhaul.scaffold import columns, leakage, time_column, windows
from longhaul.scaffold import target as targets
from longhaul.scaffold.columns import InferredColumn
from longhaul.scaffold.target import InferredTarget
from longhaul.scaffold.windows import WindowPlan
from longhaul.tasks.metrics import calibration_bins

SLICES = 3
MAX_SLICE_LEVELS = 12
MAX_LEAK_CHECKS = 500  # columns that are checked for leakage

_NAMES = {"binary": "AUC", "multiclass": "share told apart", "regression": "R²"}


@dataclass(frozen=True)
class InferredProblem:
    """A problem inferred from a table: its target, columns, windows and gate.

    Attributes
    ----------
    name : str
        The name of the problem.
    source, query : str
    rows : int
    target : InferredTarget
    columns : tuple of InferredColumn
        All but the target.
    plan : WindowPlan
    group : str
    slices : tuple of str
    gate : Gate
    min_rows : int
        The number of rows that a period needs to be monitored.
    notes : tuple of str
        Assumptions and suspicions that a reader should check.
    """

    name: str
    source: str
    query: str
    rows: int
    target: InferredTarget
    columns: tuple[InferredColumn, ...]
    plan: WindowPlan
    group: str
    slices: tuple[str, ...]
    gate: Gate
    min_rows: int
    notes: tuple[str, ...]

    @property
    def features(self) -> list[InferredColumn]:
        """The columns that a model may use."""
        return [column for column in self.columns if column.use == "feature"]

    @property
    def excluded(self) -> list[InferredColumn]:
        """The columns that a model may not use."""
        return [column for column in self.columns if column.use != "feature"]


def infer(
    frame: pd.DataFrame,
    target: str,
    source: str,
    query: str,
    name: str,
    notes: list[str],
    comma: bool = False,
) -> InferredProblem:
    """Infer a problem from a table and the name of its target.

    Parameters
    ----------
    frame : DataFrame of n rows
        The raw values; from a CSV file, all text.
    target : str
        The column to predict.
    source, query, name : str
        For the problem file.
    notes : list of str
        Assumptions that were made to read the table.
    comma : bool
        Whether a comma is the decimal sign where a column does not say.

    Raises
    ------
    LonghaulError
        When the target is not in the table or cannot be predicted, no column is left to predict
        it from, or there are too few rows.
    """
    if target not in frame.columns:
        allowed = ", ".join(map(repr, list(frame.columns)[:30]))
        raise LonghaulError(f"target: column {target!r} is not in the table; it has {allowed}")
    forms = column_inference.infer_all({str(n): column for n, column in frame.items()}, comma)
    inferred = targets.infer(frame[target], forms[target])
    labelled = inferred.column.notna().to_numpy()
    notes = list(notes)
    if not labelled.all():
        missing = int((~labelled).sum())
        notes.append(f"{missing:,} rows have no {target}: they are not used to train a model")
    values, inferred_columns = {}, []
    for header in [header for header in frame.columns if header != target]:
        column, values[header] = columns.infer(frame[header], forms[header])
        inferred_columns.append(column)
    outcome = labels.outcomes(inferred.column[labelled].to_frame(target), inferred.target)
    inferred_columns = _check_leakage(inferred_columns, values, labelled, outcome, inferred, notes)
    notes += [f"{target!r} {note}" for note in inferred.form.notes]
    notes += [f"{column.name!r} {note}" for column in inferred_columns for note in column.notes]
    notes += time_column.blank_notes([(target, inferred.form.blanks)], inferred_columns)
    chosen = time_column.choose(inferred_columns, values)
    group = "" if chosen else _group(inferred_columns, values, len(frame))
    if group:
        inferred_columns = [
            _exclude_group(column) if column.name == group else column
            for column in inferred_columns
        ]
    features = [column for column in inferred_columns if column.use == "feature"]
    if not features:
        raise LonghaulError(
            "data: no column is left to predict from: "
            + "; ".join(f"{column.name!r} {column.reason}" for column in inferred_columns[:5])
        )
    plan = _plan(frame, labelled, outcome, values.get(chosen), group)
    notes += time_column.unused_notes(inferred_columns, values, plan.time)
    plan, inferred_columns = time_column.with_zone(plan, inferred_columns)
    return InferredProblem(
        name,
        source,
        query,
        len(frame),
        inferred,
        tuple(inferred_columns),
        plan,
        group,
        _slices(features, values),
        _gate(plan, inferred, outcome),
        max(10, min(500, plan.period_rows // 2)),
        tuple(notes),
    )


def _slices(features: list[InferredColumn], values: dict[str, pd.Series]) -> tuple[str, ...]:
    """Choose the first few features with few levels, no numbers."""
    names = [
        feature.name
        for feature in features
        if feature.distinct <= MAX_SLICE_LEVELS and feature.missing < 0.5
    ]
    return tuple([name for name in names if not types.is_numeric_dtype(values[name])][:SLICES])


def _check_leakage(
    inferred_columns: list[InferredColumn],
    values: dict[str, pd.Series],
    labelled: np.ndarray,
    outcome: np.ndarray,
    inferred: InferredTarget,
    notes: list[str],
) -> list[InferredColumn]:
    """Exclude columns that give the target away by themselves; append a note on suspicious ones."""
    task_type, checked = inferred.target.task_type, []
    features = [column.name for column in inferred_columns if column.use == "feature"]
    for column in inferred_columns:
        separation = 0.0
        if column.name in features[:MAX_LEAK_CHECKS]:
            separation = leakage.separation(values[column.name][labelled], outcome, task_type)
        if separation >= leakage.CERTAIN:
            figure = f"{_NAMES[task_type]} {separation:.4f}"
            reason = f"alone gives the target away ({figure}): probably a leak"
            column = replace(column, use="leak", reason=reason)
        elif separation >= leakage.SUSPICIOUS:
            notes.append(
                f"{column.name!r} alone tells nearly all ({_NAMES[task_type]} {separation:.3f}):"
                " check that its value is known before the prediction is made"
            )
        checked.append(column)
    return checked


def _group(inferred_columns: list[InferredColumn], values: dict[str, pd.Series], rows: int) -> str:
    """Return the column that groups the rows: an identifier with repeated values; or empty."""
    for column in inferred_columns:
        name = column.name
        repeats = 20 <= column.distinct < 0.9 * rows and column.missing == 0
        if repeats and columns.named_as_identifier(name) and _discrete(values[name]):
            return name
    return ""


def _discrete(values: pd.Series) -> bool:
    """Return whether a column holds texts or integers, as identifiers do."""
    return not types.is_float_dtype(values) and not types.is_datetime64_any_dtype(values)


def _exclude_group(column: InferredColumn) -> InferredColumn:
    reason = f"groups the rows ({column.distinct:,} groups), each kept in one window"
    return replace(column, use="identifier", reason=reason)


def _plan(
    frame: pd.DataFrame,
    labelled: np.ndarray,
    outcome: np.ndarray,
    times: pd.Series | None,
    group: str,
) -> WindowPlan:
    """Choose windows in order of time if possible, else by a hash of the raw rows."""
    plan = None
    if times is not None:
        timed = times.notna().to_numpy()
        plan = windows.by_time(times[labelled & timed], outcome[timed[labelled]])
    return plan or windows.by_hash(frame, labelled, group, outcome)


def _gate(plan: WindowPlan, inferred: InferredTarget, outcome: np.ndarray) -> Gate:
    """Derive a first gate: better than a guess, within the chance error of so many rows."""
    rows, task_type = plan.rows["test"], inferred.target.task_type
    min_rows = max(20, min(1000, rows // 2))
    if task_type == "regression":
        return Gate(min_rows=min_rows, min_r2=0.05)
    share = float(outcome.mean()) if task_type == "binary" else 0.5
    # the calibration error that chance alone causes, with so many rows in so many bins
    chance = sqrt(2 * share * (1 - share) * calibration_bins(rows) / (pi * max(rows, 1)))
    error = min(0.5, ceil((0.1 + 2 * chance) * 100) / 100)
    if task_type == "binary":
        return Gate(min_rows=min_rows, min_auc=0.55, max_calibration_error=error)
    commonest = np.bincount(outcome[outcome >= 0]).max() / len(outcome)
    return Gate(
        min_rows=min_rows, min_accuracy=round(float(commonest), 3), max_calibration_error=error
    )
