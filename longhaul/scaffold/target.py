"""Task type of the target of an unknown table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data import labels, reading
from longhaul.data.column_inference import InferredFormat
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
    form : InferredFormat
        Of the values.
    """

    target: Target
    column: pd.Series
    reason: str
    form: InferredFormat


def infer(column: pd.Series, form: InferredFormat) -> InferredTarget:
    """Infer the task type of a target: binary, multiclass or regression.

    Raises
    ------
    LonghaulError
        When all values are equal or missing, or there are too many texts to be classes.
    """
    name, values = str(column.name), reading.read(column, str(form.form)).column
    target, reason = _infer(name, values)
    return InferredTarget(target, values, reason, form)


def _infer(name: str, values: pd.Series) -> tuple[Target, str]:
    present = values.dropna()
    if present.empty:
        raise LonghaulError(f"target: column {name!r} is missing in every row")
    levels = _counts(present)
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


def _counts(present: pd.Series) -> pd.Series:
    """Count the values; texts that differ only by case are one class, in its commonest spelling."""
    levels = present.value_counts()
    if types.is_numeric_dtype(present) or types.is_datetime64_any_dtype(present):
        return levels
    keys = [labels.key(text(value)) for value in levels.index]
    commonest: dict[str, str] = {}
    for class_, value in zip(keys, levels.index, strict=True):
        commonest.setdefault(class_, text(value))
    counts = levels.groupby(keys, sort=False).sum().sort_values(ascending=False, kind="stable")
    return counts.set_axis([commonest[class_] for class_ in counts.index])


def _binary(name: str, values: pd.Series, levels: pd.Series) -> tuple[Target, str]:
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
    return Target(name, "binary", positive), reason


def _numeric(name: str, values: pd.Series, levels: pd.Series) -> tuple[Target, str]:
    present = values.dropna()
    if not np.isfinite(present).all():
        raise LonghaulError(f"target: column {name!r} holds values that are not finite")
    integers = bool((present == present.round()).all())
    if integers and len(levels) <= MAX_INTEGER_CLASSES and len(present) >= 10 * len(levels):
        return _multiclass(name, values, f"it has {len(levels)} different whole numbers")
    reason = f"{len(levels):,} different numbers, from {present.min():g} to {present.max():g}"
    return Target(name, "regression"), reason


def _multiclass(name: str, values: pd.Series, reason: str) -> tuple[Target, str]:
    target = labels.resolve(values.to_frame(name), Target(name, "multiclass"))
    return target, f"{len(target.classes)} classes: {reason}"
