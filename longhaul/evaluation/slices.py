"""Performance slice by slice: a good mean can hide a group for which the model is no good."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.errors import LonghaulError
from longhaul.evaluation.metrics import measure

MOST_LEVELS = 40
BINS = 10
MIN_ROWS = 100  # an area under the curve of fewer is mostly chance
OTHER, MISSING = "(other)", "(missing)"


def slices(
    frame: pd.DataFrame, columns: Iterable[str], outcome: np.ndarray, probability: np.ndarray
) -> list[dict[str, Any]]:
    """Measure every value of some columns by itself.

    Parameters
    ----------
    frame : DataFrame of n rows
    columns : iterable of str
    outcome : ndarray of bool, shape (n,)
    probability : ndarray of float, shape (n,)

    Returns
    -------
    list of dict
        As JSON knows it: ``column``, ``value``, ``rows``, ``positive_share``,
        ``mean_probability``, ``auc`` (None where there is one class or few rows) and ``log_loss``
        (nats). Numbers and dates are in rising order, categories by rows.

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
            found.append({"column": name, "value": value, **_row(outcome[rows], probability[rows])})
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
    """Slices of numbers or dates, in rising order."""
    values = np.sort(column.dropna().unique())
    if len(values) <= MOST_LEVELS:
        names = {value: _text(value) for value in values}
        texts = column.map(names).astype(object)
        order = list(names.values())
    else:
        cut = pd.qcut(column, BINS, duplicates="drop")
        order = [_span(interval) for interval in cut.cat.categories]
        texts = cut.cat.rename_categories(order).astype(object)
    missing = [MISSING] if column.isna().any() else []
    return pd.Categorical(texts.where(column.notna(), MISSING), categories=[*order, *missing])


def _groups(slices: pd.Categorical) -> Iterator[tuple[str, np.ndarray]]:
    for code, value in enumerate(slices.categories):
        rows = np.flatnonzero(slices.codes == code)
        if len(rows):
            yield str(value), rows


def _row(outcome: np.ndarray, probability: np.ndarray) -> dict[str, Any]:
    metrics = measure(outcome, probability)
    ranked = len(outcome) >= MIN_ROWS and np.isfinite(metrics["auc"])
    return {
        "rows": len(outcome),
        "positive_share": float(outcome.mean()),
        "mean_probability": float(probability.mean()),
        "auc": metrics["auc"] if ranked else None,
        "log_loss": metrics["log_loss"],
    }


def _span(interval: pd.Interval) -> str:
    return f"{_text(interval.left)} to {_text(interval.right)}"


def _text(value: Any) -> str:
    if isinstance(value, np.datetime64 | pd.Timestamp):
        return f"{pd.Timestamp(value):%Y-%m-%d %H:%M}".removesuffix(" 00:00")
    return f"{value:.12g}"
