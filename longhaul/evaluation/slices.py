"""Performance by slice: a good average can hide a group that the model serves badly."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data.period_ranges import describe
from longhaul.errors import LonghaulError
from longhaul.tasks import Task

MAX_LEVELS = 40
BINS = 10
MIN_ROWS = 100  # with fewer, the primary metric is mostly noise
OTHER, MISSING = "(other)", "(missing)"


def slices(
    task: Task,
    frame: pd.DataFrame,
    columns: Iterable[str],
    outcome: np.ndarray,
    scores: np.ndarray,
) -> list[dict[str, Any]]:
    """Measure each value of the given columns separately.

    Parameters
    ----------
    task : Task
    frame : DataFrame of n rows
    columns : iterable of str
    outcome, scores : ndarray
        Of n rows, see `longhaul.tasks.Task`.

    Returns
    -------
    list of dict
        Of JSON types: ``column``, ``value``, ``rows``; ``found`` and ``predicted``, the actual and
        predicted shares of positives, shares of right decisions, or means; the task's primary
        metric (None where it is undefined, or with few rows) and its loss. Numbers and dates are
        in ascending order, categories by rows.

    Raises
    ------
    LonghaulError
        When a column is not in the table.
    """
    rows_by_slice = []
    for name in columns:
        if name not in frame.columns:
            raise LonghaulError(f"slices: column {name!r} is not in the table")
        for value, rows in _groups(levels(frame[name])):
            rows_by_slice.append(
                {"column": name, "value": value, **_row(task, outcome[rows], scores[rows])}
            )
    return rows_by_slice


def levels(column: pd.Series) -> pd.Categorical:
    """Assign each row to a slice; the categories are in display order.

    Parameters
    ----------
    column : Series of n rows
        Few distinct numbers or dates are one slice each, many are cut at their quantiles; of many
        categories, all but the most frequent share one slice.

    Returns
    -------
    Categorical of n rows
    """
    ordered = types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column)
    if ordered and not types.is_bool_dtype(column):
        return _ordered_levels(column)
    texts = column.astype("str").where(column.notna(), MISSING)
    counts = texts.value_counts()
    if len(counts) <= MAX_LEVELS:
        return pd.Categorical(texts, categories=counts.index)
    kept = counts.index[:MAX_LEVELS]
    return pd.Categorical(texts.where(texts.isin(kept), OTHER), categories=[*kept, OTHER])


def _ordered_levels(column: pd.Series) -> pd.Categorical:
    """Assign numbers or dates to slices in ascending order; equal labels share one."""
    values = np.sort(column.dropna().unique())
    if len(values) <= MAX_LEVELS:
        place, names = column, {value: _text(value) for value in values}
    else:
        place = _deciles(column)
        ends = column.groupby(place).agg(["min", "max"])
        names = {k: describe((_text(low), _text(high))) for k, low, high in ends.itertuples()}
    texts = place.map(names).astype(object).where(column.notna(), MISSING)
    missing = [MISSING] if column.isna().any() else []
    return pd.Categorical(texts, categories=[*dict.fromkeys(names.values()), *missing])


def _deciles(column: pd.Series) -> pd.Series:
    """Return each row's decile among non-missing rows, from 0; ties get the lowest."""
    before = column.rank(method="min").astype(float) - 1
    return before * BINS // column.notna().sum()


def _groups(slices: pd.Categorical) -> Iterator[tuple[str, np.ndarray]]:
    for code, value in enumerate(slices.categories):
        rows = np.flatnonzero(slices.codes == code)
        if len(rows):
            yield str(value), rows


def _row(task: Task, outcome: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    metrics = task.measure(outcome, scores)
    reliable = len(outcome) >= MIN_ROWS and np.isfinite(metrics[task.primary_metric])
    multiclass = scores.ndim == 2
    return {
        "rows": len(outcome),
        "found": metrics["accuracy"] if multiclass else float(outcome.mean()),
        "predicted": float((scores.max(axis=1) if multiclass else scores).mean()),
        task.primary_metric: metrics[task.primary_metric] if reliable else None,
        task.loss: metrics[task.loss],
    }


def _text(value: Any) -> str:
    if isinstance(value, np.datetime64 | pd.Timestamp):
        moment = f"{pd.Timestamp(value):%Y-%m-%d %H:%M:%S}"
        return moment.removesuffix(":00").removesuffix(" 00:00")
    number = float(value)
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:.6g}"
