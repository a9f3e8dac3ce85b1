"""What the target of an unknown table asks for."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data import labels, reading
from longhaul.errors import LonghaulError
from longhaul.features.formats import text
from longhaul.problem import Target

FEW = 20  # different whole numbers that are taken for classes
_POSITIVE = ("true", "t", "yes", "y", "positive", "pos", "+")


@dataclass(frozen=True)
class InferredTarget:
    """The target, and why it is read so.

    Attributes
    ----------
    target : Target
    column : Series of n rows
        The values as they will be read; missing where there is none.
    reason : str
    """

    target: Target
    column: pd.Series
    reason: str


def infer(column: pd.Series) -> InferredTarget:
    """See what a target asks for: one of two classes, one of several, or a number.

    Raises
    ------
    LonghaulError
        When there is nothing to tell apart, or there are too many texts to be classes.
    """
    name, values = str(column.name), reading.read(column).column
    known = values.dropna()
    if known.empty:
        raise LonghaulError(f"target: column {name!r} is missing in every row")
    levels = known.value_counts()
    if len(levels) == 1:
        raise LonghaulError(
            f"target: column {name!r} is always {text(levels.index[0])!r}: nothing to tell apart"
        )
    if len(levels) == 2:
        return _two(name, values, levels)
    if types.is_datetime64_any_dtype(values):
        raise LonghaulError(f"target: column {name!r} holds times; predict a number or a class")
    if types.is_numeric_dtype(values):
        return _numbers(name, values, levels)
    if len(levels) > labels.MOST_CLASSES or len(levels) > len(known) / 2:
        shown = ", ".join(map(repr, levels.index[:5]))
        raise LonghaulError(
            f"target: column {name!r} holds {len(levels):,} different texts, such as {shown}: too"
            " many to be classes"
        )
    return _several(name, values, f"it has {len(levels)} different texts")


def _two(name: str, values: pd.Series, levels: pd.Series) -> InferredTarget:
    names = [text(value) for value in levels.index]
    known = [one for one in names if one.lower() in _POSITIVE]
    if sorted(names) in (["0", "1"], ["-1", "1"]):
        known = ["1"]
    if len(known) == 1:
        positive, why = known[0], f"{known[0]!r} says so"
    else:
        positive, why = names[-1], f"{names[-1]!r} is the rarer one"
    share = levels.iloc[names.index(positive)] / levels.sum()
    reason = (
        f"two values: {names[0]!r} and {names[1]!r}; positive is {positive!r}: {why} ({share:.2%})"
    )
    return InferredTarget(Target(name, "binary", positive), values, reason)


def _numbers(name: str, values: pd.Series, levels: pd.Series) -> InferredTarget:
    known = values.dropna()
    if not np.isfinite(known).all():
        raise LonghaulError(f"target: column {name!r} holds values that are not finite")
    whole = bool((known == known.round()).all())
    if whole and len(levels) <= FEW and len(known) >= 10 * len(levels):
        return _several(name, values, f"it has {len(levels)} different whole numbers")
    reason = f"{len(levels):,} different numbers, from {known.min():g} to {known.max():g}"
    return InferredTarget(Target(name, "regression"), values, reason)


def _several(name: str, values: pd.Series, why: str) -> InferredTarget:
    target = labels.resolve(values.to_frame(name), Target(name, "multiclass"))
    return InferredTarget(target, values, f"{len(target.classes)} classes: {why}")
