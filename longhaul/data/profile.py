"""Profile of a table: figures of its columns, periods and outcomes."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data.labels import describe, has_label, outcomes
from longhaul.data.periods import of
from longhaul.problem import Problem

MAX_LEVELS = 10


def profile(frame: pd.DataFrame, problem: Problem) -> dict[str, Any]:
    """Describe a table, its columns and its periods, as JSON types.

    Parameters
    ----------
    frame : DataFrame of n rows

    Returns
    -------
    dict
        ``rows``; ``duplicates``; ``columns``, by name; ``periods``, by label, each with its
        rows and outcomes: see `longhaul.data.labels.describe`.
    """
    target, labelled = problem.target, has_label(frame, problem.target)
    period = of(frame, problem)
    rows = period.value_counts(sort=False).sort_index()
    outcome = outcomes(frame[labelled], target)
    codes, labels = pd.factorize(period[labelled])
    by_period = {
        label: describe(outcome[codes == code], target) for code, label in enumerate(labels)
    }
    return {
        "problem": problem.name,
        "kind": target.task_type,
        "rows": len(frame),
        "duplicates": int(frame.duplicated().sum()),
        "outcome": describe(outcome, target),
        "columns": {str(name): _column(frame[name]) for name in frame.columns},
        "periods": {
            str(label): {"rows": int(count), **by_period.get(str(label), {})}
            for label, count in rows.items()
        },
    }


def _column(column: pd.Series) -> dict[str, Any]:
    present = column.dropna()
    return {
        "type": str(column.dtype),
        "missing": float(column.isna().mean()),
        "distinct": int(present.nunique()),
        **(_summary(present) if len(present) else {}),
    }


def _summary(column: pd.Series) -> dict[str, Any]:
    if types.is_datetime64_any_dtype(column):
        return {"min": column.min().isoformat(), "max": column.max().isoformat()}
    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
        finite = column[np.isfinite(column.astype(float))]  # JSON has no infinity
        if finite.empty:
            return {}
        return {name: float(getattr(finite, name)()) for name in ("min", "mean", "max")}
    most = column.value_counts().head(MAX_LEVELS)
    return {"most": {str(level): int(count) for level, count in most.items()}}
