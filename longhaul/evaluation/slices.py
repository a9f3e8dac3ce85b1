"""Performance slice by slice: a good mean can hide a group for which the model is no good."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data.period_ranges import words
from longhaul.errors import LonghaulError
from longhaul.tasks import Task

MOST_LEVELS = 40
BINS = 10
MIN_ROWS = 100  # an area under the curve of fewer is mostly chance
OTHER, MISSING = "(other)", "(missing)"


def slices(
    task: Task,
    frame: pd.DataFrame,
    columns: Iterable[str],
    outcome: np.ndarray,
    scores: np.ndarray,
) -> list[dict[str, Any]]:
    """Measure every value of some columns by itself.

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
        As JSON knows it: ``column``, ``value``, ``rows``; ``found`` and ``predicted``, the shares
        of positives, of right decisions, or the means; the task's leading figure (None where it
        is not known, or of few rows) and its loss. Numbers and dates are in rising order,
        categories by rows.

    Raises
    ------
    LonghaulError
        When a column is not there.
    """
    found = []
    for name in columns:
        if name not in frame.columns:
            raise LonghaulError(f"slices: column {name!r} is not in the table")
        for value, rows in _groups(levels(frame[name])):
            found.append(
                {"column": name, "value": value, **_row(task, outcome[rows], scores[rows])}
            )
    return found


def levels(column: pd.Series) -> pd.Categorical:
    """Which slice each row belongs to, the slices in the order in which to show them.

    Parameters
    ----------
    column : Series of n rows
        Few numbers or dates are slices by themselves, many are cut at their quantiles; of many
        categories, all but the most frequent share one slice.

    Returns
    -------
    Categorical of n rows
    """
    graded = types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column)
    if graded and not types.is_bool_dtype(column):
        return _graded(column)
    texts = column.astype("str").where(column.notna(), MISSING)
    counts = texts.value_counts()
    if len(counts) <= MOST_LEVELS:
        return pd.Categorical(texts, categories=counts.index)
    kept = counts.index[:MOST_LEVELS]
    return pd.Categorical(texts.where(texts.isin(kept), OTHER), categories=[*kept, OTHER])


def _graded(column: pd.Series) -> pd.Categorical:
    """Slices of numbers or dates, in rising order; those that read alike share one."""
    values = np.sort(column.dropna().unique())
    if len(values) <= MOST_LEVELS:
        place, names = column, {value: _text(value) for value in values}
    else:
        place = _tenths(column)
        ends = column.groupby(place).agg(["min", "max"])
        names = {k: words((_text(low), _text(high))) for k, low, high in ends.itertuples()}
    texts = place.map(names).astype(object).where(column.notna(), MISSING)
    missing = [MISSING] if column.isna().any() else []
    return pd.Categorical(texts, categories=[*dict.fromkeys(names.values()), *missing])


def _tenths(column: pd.Series) -> pd.Series:
    """Which tenth of the known rows each row is in, from 0 on; equal values are in the lowest."""
    before = column.rank(method="min").astype(float) - 1
    return before * BINS // column.notna().sum()


def _groups(slices: pd.Categorical) -> Iterator[tuple[str, np.ndarray]]:
    for code, value in enumerate(slices.categories):
        rows = np.flatnonzero(slices.codes == code)
        if len(rows):
            yield str(value), rows


def _row(task: Task, outcome: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    metrics = task.measure(outcome, scores)
    ranked = len(outcome) >= MIN_ROWS and np.isfinite(metrics[task.primary_metric])
    several = scores.ndim == 2
    return {
        "rows": len(outcome),
        "found": metrics["accuracy"] if several else float(outcome.mean()),
        "predicted": float((scores.max(axis=1) if several else scores).mean()),
        task.primary_metric: metrics[task.primary_metric] if ranked else None,
        task.loss: metrics[task.loss],
    }


def _text(value: Any) -> str:
    if isinstance(value, np.datetime64 | pd.Timestamp):
        moment = f"{pd.Timestamp(value):%Y-%m-%d %H:%M:%S}"
        return moment.removesuffix(":00").removesuffix(" 00:00")
    number = float(value)
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:.6g}"
