"""Labels: the target column as a vector of outcomes."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.errors import LonghaulError
from longhaul.features.formats import number, text
from longhaul.problem import Target

MOST_CLASSES = 200
_TRUE = frozenset({"true", "1"})


def outcomes(frame: pd.DataFrame, target: Target) -> np.ndarray:
    """Convert the target column to outcomes.

    Parameters
    ----------
    frame : DataFrame of n rows
    target : Target
        Values of classes are compared as text, without regard to case; numbers by value.

    Returns
    -------
    ndarray of shape (n,)
        bool: whether it is positive; int: which of several classes, -1 for one that is not
        declared; or float: the number. See `longhaul.tasks.Task`.

    Raises
    ------
    LonghaulError
        When the column is not there, a row has no outcome, or one is no number where it should be.
    """
    if target.column not in frame.columns:
        raise LonghaulError(f"target.column: column {target.column!r} is not in the table")
    column = frame[target.column]
    if column.isna().any():
        count = int(column.isna().sum())
        raise LonghaulError(f"target {target.column!r}: {count} rows have no outcome")
    if target.task_type == "regression":
        return _numbers(column)
    if target.task_type == "multiclass":
        places = {key(name): place for place, name in enumerate(target.classes)}
        codes, values = pd.factorize(column)
        classes = np.array([places.get(key(text(value)), -1) for value in values], dtype=np.int64)
        return classes[codes]
    return _positive(column, target)


def describe(outcome: np.ndarray, target: Target) -> dict[str, float]:
    """Summarise outcomes: the share of positives or of each class, or mean and spread."""
    if target.task_type == "binary":
        return {"positive_share": float(outcome.mean()) if len(outcome) else float("nan")}
    if target.task_type == "multiclass":
        counts = np.bincount(outcome[outcome >= 0], minlength=len(target.classes))
        shares = counts / max(len(outcome), 1)
        return {
            f"share_of_{name}": float(share)
            for name, share in zip(target.classes, shares, strict=True)
        }
    return {
        "target_mean": float(outcome.mean()) if len(outcome) else float("nan"),
        "target_sd": float(outcome.std()) if len(outcome) else float("nan"),
    }


def has_label(frame: pd.DataFrame, target: Target) -> np.ndarray:
    """Return whether each row has an outcome: bool of shape (n,)."""
    if target.column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return frame[target.column].notna().to_numpy(dtype=bool)


def resolve(frame: pd.DataFrame, target: Target) -> Target:
    """Complete a target with the classes of its column, where none are declared.

    Raises
    ------
    LonghaulError
        When there are fewer than three, or too many to be classes.
    """
    if target.task_type != "multiclass" or target.classes:
        return target
    counts = frame[target.column].value_counts()
    commonest: dict[str, str] = {}
    for value in counts.index:
        commonest.setdefault(key(text(value)), text(value))
    classes = sorted(commonest.values(), key=_order)
    if not 3 <= len(classes) <= MOST_CLASSES:
        raise LonghaulError(
            f"target {target.column!r}: {len(classes)} classes are found; task_type multiclass"
            f" takes 3 to {MOST_CLASSES}: declare another target.task_type, binary or regression"
        )
    return replace(target, classes=tuple(classes))


def require_variety(
    outcome: np.ndarray, target: Target, where: str, values: Iterable[object] = ()
) -> None:
    """Refuse outcomes that are all the same: nothing can be learned from them.

    Parameters
    ----------
    outcome : ndarray of shape (n,)
        As `outcomes` returns it.
    target : Target
    where : str
        Of the rows, for the error.
    values : iterable
        Values of the target column, for the error.

    Raises
    ------
    LonghaulError
        When they are, or there are none.
    """
    if len(outcome) and not (outcome == outcome[0]).all():
        return
    column, seen = target.column, ", ".join(map(str, values))
    if not len(outcome):
        problem = f"no row has a value of {column!r}"
    elif target.task_type == "binary":
        share = "all" if outcome[0] else "none"
        problem = (
            f"{share} of the rows are positive ({column} = {target.positive});"
            " both classes are needed"
        )
    else:
        problem = f"all rows have the same {column}: there is nothing to tell apart"
    raise LonghaulError(f"{where}: {problem}" + (f"; {column} is {seen}" if seen else ""))


def _positive(column: pd.Series, target: Target) -> np.ndarray:
    if types.is_bool_dtype(column):
        return column.to_numpy(dtype=bool) == (target.positive.lower() in _TRUE)
    if types.is_numeric_dtype(column):
        wanted = number(target.positive)
        return column.to_numpy(dtype=float) == wanted
    return (column.astype(str).str.lower() == target.positive.lower()).to_numpy(dtype=bool)


def _numbers(column: pd.Series) -> np.ndarray:
    if not types.is_numeric_dtype(column):
        raise LonghaulError(
            f"target {column.name!r}: holds {text(column.iloc[0])!r}, no number;"
            " task_type regression predicts numbers"
        )
    values = column.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise LonghaulError(f"target {column.name!r}: not all of its values are finite")
    return values


def key(name: str) -> str:
    """Return what the spellings of one class have in common: case does not count."""
    return name.strip().lower()


def _order(name: str) -> tuple[float, str]:
    value = number(name)
    return (float("inf") if np.isnan(value) else value, name)
