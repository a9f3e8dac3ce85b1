"""What a table looks like, in figures."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data.labels import describe, known, outcomes
from longhaul.data.periods import of
from longhaul.problem import Problem

MAX_LEVELS = 10


def profile(frame: pd.DataFrame, problem: Problem) -> dict[str, Any]:
    """Describe a table, its columns and its periods, in terms that JSON knows.

    Parameters
    ----------
    frame : DataFrame of n rows

    Returns
    -------
    dict
        ``rows``; ``duplicates``; ``columns``, by name; ``periods``, by label, each with its
        rows and what became of them: see `longhaul.data.labels.describe`.
    """
    target, labelled = problem.target, known(frame, problem.target)
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
    known = column.dropna()
    return {
        "type": str(column.dtype),
        "missing": float(column.isna().mean()),
        "distinct": int(known.nunique()),
        **(_summary(known) if len(known) else {}),
    }


def _summary(known: pd.Series) -> dict[str, Any]:
    if types.is_datetime64_any_dtype(known):
        return {"min": known.min().isoformat(), "max": known.max().isoformat()}
    if types.is_numeric_dtype(known) and not types.is_bool_dtype(known):
        finite = known[np.isfinite(known.astype(float))]  # JSON has no word for infinity
        if finite.empty:
            return {}
        return {name: float(getattr(finite, name)()) for name in ("min", "mean", "max")}
    most = known.value_counts().head(MAX_LEVELS)
    return {"most": {str(level): int(count) for level, count in most.items()}}
