"""Task type of the target of an unknown table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data import labels, reading
from longhaul.errors import LonghaulError
from longhaul.features.formats import text
from longhaul.problem import Target

MAX_INTEGER_CLASSES = 20  # a column with more different integers is a regression target
_POSITIVE = ("true", "t", "yes", "y", "positive", "pos", "+")


@dataclass(frozen=True)
class InferredTarget:
    """The target, with the reason for its task type.

    Attributes
    ----------
    target : Target
    column : Series of n rows
        The values, read in their format; missing where a row has none.
    reason : str
    """

    target: Target
    column: pd.Series
    reason: str


def infer(column: pd.Series) -> InferredTarget:
    """Infer the task type of a target: binary, multiclass or regression.

    Raises
    ------
    LonghaulError
        When all values are equal or missing, or there are too many texts to be classes.
    """
    name, values = str(column.name), reading.read(column).column
    present = values.dropna()
    if present.empty:
        raise LonghaulError(f"target: column {name!r} is missing in every row")
    levels = present.value_counts()
    if len(levels) == 1:
        raise LonghaulError(
            f"target: column {name!r} is always {text(levels.index[0])!r}: there is nothing to"
            " predict"
        )
    if len(levels) == 2:
        return _binary(name, values, levels)
    if types.is_datetime64_any_dtype(values):
        raise LonghaulError(
            f"target: column {name!r} holds times, which cannot be predicted;"
            " choose a column of numbers or classes"
        )
    if types.is_numeric_dtype(values):
        return _numeric(name, values, levels)
    if len(levels) > labels.MOST_CLASSES or len(levels) > len(present) / 2:
        examples = ", ".join(map(repr, levels.index[:5]))
        raise LonghaulError(
            f"target: column {name!r} holds {len(levels):,} different texts, such as"
            f" {examples}: too many to be classes"
        )
    return _multiclass(name, values, f"it has {len(levels)} different texts")


def _binary(name: str, values: pd.Series, levels: pd.Series) -> InferredTarget:
    names = [text(value) for value in levels.index]
    affirmative = [name for name in names if name.lower() in _POSITIVE]
    if sorted(names) in (["0", "1"], ["-1", "1"]):
        affirmative = ["1"]
    if len(affirmative) == 1:
        positive, why = affirmative[0], "by its name"
    else:
        positive, why = names[-1], "it is the rarer one"
    share = levels.iloc[names.index(positive)] / levels.sum()
    reason = (
        f"two values: {names[0]!r} and {names[1]!r}; positive is {positive!r}, {why} ({share:.2%})"
    )
    return InferredTarget(Target(name, "binary", positive), values, reason)


def _numeric(name: str, values: pd.Series, levels: pd.Series) -> InferredTarget:
    present = values.dropna()
    if not np.isfinite(present).all():
        raise LonghaulError(f"target: column {name!r} holds values that are not finite")
    integers = bool((present == present.round()).all())
    if integers and len(levels) <= MAX_INTEGER_CLASSES and len(present) >= 10 * len(levels):
        return _multiclass(name, values, f"it has {len(levels)} different whole numbers")
    reason = f"{len(levels):,} different numbers, from {present.min():g} to {present.max():g}"
    return InferredTarget(Target(name, "regression"), values, reason)


def _multiclass(name: str, values: pd.Series, reason: str) -> InferredTarget:
    target = labels.resolve(values.to_frame(name), Target(name, "multiclass"))
    return InferredTarget(target, values, f"{len(target.classes)} classes: {reason}")
