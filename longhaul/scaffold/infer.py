"""A reading of an unknown table: what to predict, from what, and on which rows to learn it."""

import re
from dataclasses import dataclass, replace
from math import ceil, pi, sqrt

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data import labels
from longhaul.errors import LonghaulError
from longhaul.problem import Gate
from longhaul.scaffold import columns, leakage, windows
from longhaul.scaffold import target as targets
from longhaul.scaffold.columns import InferredColumn
from longhaul.scaffold.target import InferredTarget
from longhaul.scaffold.windows import WindowPlan
from longhaul.tasks.metrics import bins_of

SLICES = 3
MOST_SLICES = 12
MOST_TRIED = 500  # columns that are tried by themselves for what they give away

_MOMENT = re.compile(r"date|time|day|month|week|year|timestamp|created|_at$|_ts$", re.IGNORECASE)
_NAMES = {"binary": "AUC", "multiclass": "share told apart", "regression": "R²"}
_BIRTH = re.compile(r"birth|born|dob", re.IGNORECASE)


@dataclass(frozen=True)
class InferredProblem:
    """What was found, and what was made of it.

    Attributes
    ----------
    name : str
        Of the problem.
    source, query : str
    rows : int
    outcome : Outcome
    columns : tuple of Column
        All but the target.
    plan : Plan
    group : str
    slices : tuple of str
    gate : Gate
    min_rows : int
        Of a period, to be judged.
    notes : tuple of str
        What a reader should know.
    """

    name: str
    source: str
    query: str
    rows: int
    outcome: InferredTarget
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
        return [one for one in self.columns if one.use == "feature"]

    @property
    def aside(self) -> list[InferredColumn]:
        """The columns that it may not."""
        return [one for one in self.columns if one.use != "feature"]


def infer(
    frame: pd.DataFrame, target: str, source: str, query: str, name: str, notes: list[str]
) -> InferredProblem:
    """Read a table of which nothing is known but what to predict.

    Parameters
    ----------
    frame : DataFrame of n rows
        As it was read: of a CSV file, all texts.
    target : str
        The column to predict.
    source, query, name : str
        For the problem file.
    notes : list of str
        What had to be assumed to read it.

    Raises
    ------
    LonghaulError
        When the target is not there or cannot be predicted, no column is left to predict it from,
        or there are too few rows.
    """
    if target not in frame.columns:
        allowed = ", ".join(map(repr, list(frame.columns)[:30]))
        raise LonghaulError(f"target: column {target!r} is not in the table; it has {allowed}")
    found = targets.infer(frame[target])
    known = found.column.notna().to_numpy()
    said = list(notes)
    if not known.all():
        said.append(f"{int((~known).sum()):,} rows have no {target}: nothing is learned from them")
    values, looked = {}, []
    for column in [one for one in frame.columns if one != target]:
        one, read = columns.infer(frame[column])
        looked.append(one)
        values[column] = read
    labelled = labels.outcomes(found.column[known].to_frame(target), found.target)
    looked = _leaks(looked, values, known, labelled, found, said)
    moment = _moment(looked, values)
    group = "" if moment else _group(looked, values, len(frame))
    if group:
        looked = [_grouped(one) if one.name == group else one for one in looked]
    features = [one for one in looked if one.use == "feature"]
    if not features:
        raise LonghaulError(
            "data: no column is left to predict from: "
            + "; ".join(f"{one.name!r} {one.reason}" for one in looked[:5])
        )
    plan = _plan(frame, known, labelled, values.get(moment), group)
    sliced = [one.name for one in features if one.distinct <= MOST_SLICES and one.missing < 0.5]
    return InferredProblem(
        name,
        source,
        query,
        len(frame),
        found,
        tuple(looked),
        plan,
        group,
        tuple([one for one in sliced if not types.is_numeric_dtype(values[one])][:SLICES]),
        _gate(plan, found, labelled),
        max(10, min(500, plan.period_rows // 2)),
        tuple(said),
    )


def _leaks(
    looked: list[InferredColumn],
    values: dict[str, pd.Series],
    known: np.ndarray,
    labelled: np.ndarray,
    found: InferredTarget,
    said: list[str],
) -> list[InferredColumn]:
    """The columns, less those that alone give the target away; suspicious ones are told of."""
    kind, judged = found.target.task_type, []
    tried = [one.name for one in looked if one.use == "feature"][:MOST_TRIED]
    for one in looked:
        figure = 0.0
        if one.name in tried:
            figure = leakage.separation(values[one.name][known], labelled, kind)
        if figure >= leakage.CERTAIN:
            reason = f"alone gives the target away ({_NAMES[kind]} {figure:.4f}): a leak, it seems"
            one = replace(one, use="leak", reason=reason)
        elif figure >= leakage.SUSPICIOUS:
            said.append(
                f"{one.name!r} alone tells nearly all ({_NAMES[kind]} {figure:.3f}): is it known in"
                " time to predict?"
            )
        judged.append(one)
    return judged


def _moment(looked: list[InferredColumn], values: dict[str, pd.Series]) -> str:
    """The column that orders the rows; empty where none can."""
    found = [
        one.name
        for one in looked
        if one.use == "feature"
        and types.is_datetime64_any_dtype(values[one.name])
        and one.missing == 0
        and one.distinct >= windows.LEAST
        and not _BIRTH.search(one.name)
    ]
    named = [name for name in found if _MOMENT.search(name)]
    return (named or found or [""])[0]


def _group(looked: list[InferredColumn], values: dict[str, pd.Series], rows: int) -> str:
    """The column that says which rows belong together: an identifier that occurs again."""
    for one in looked:
        repeats = 20 <= one.distinct < 0.9 * rows and one.missing == 0
        if repeats and columns.named_as_identifier(one.name) and _whole(values[one.name]):
            return one.name
    return ""


def _whole(values: pd.Series) -> bool:
    """Whether a column holds texts or whole numbers, as identifiers do."""
    return not types.is_float_dtype(values) and not types.is_datetime64_any_dtype(values)


def _grouped(column: InferredColumn) -> InferredColumn:
    reason = f"says which rows belong together ({column.distinct:,} groups): they are not parted"
    return replace(column, use="identifier", reason=reason)


def _plan(
    frame: pd.DataFrame,
    known: np.ndarray,
    labelled: np.ndarray,
    times: pd.Series | None,
    group: str,
) -> WindowPlan:
    """Windows in order of time where that can be, else by a hash of the rows as written."""
    plan = windows.by_time(times[known], labelled) if times is not None else None
    return plan or windows.by_hash(frame, known, group, labelled)


def _gate(plan: WindowPlan, found: InferredTarget, labelled: np.ndarray) -> Gate:
    """What a first model must reach: more than a guess, in so far as so many rows can tell."""
    rows, kind = plan.rows["test"], found.target.task_type
    least = max(20, min(1000, rows // 2))
    if kind == "regression":
        return Gate(min_rows=least, min_r2=0.05)
    share = float(labelled.mean()) if kind == "binary" else 0.5
    # what chance alone makes of the error of so many rows in so many bins
    chance = sqrt(2 * share * (1 - share) * bins_of(rows) / (pi * max(rows, 1)))
    error = min(0.5, ceil((0.1 + 2 * chance) * 100) / 100)
    if kind == "binary":
        return Gate(min_rows=least, min_auc=0.55, max_calibration_error=error)
    commonest = np.bincount(labelled[labelled >= 0]).max() / len(labelled)
    return Gate(
        min_rows=least, min_accuracy=round(float(commonest), 3), max_calibration_error=error
    )
