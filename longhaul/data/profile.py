"""What a table looks like, in figures."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data.labels import outcomes
from longhaul.data.periods import labels
from longhaul.problem import Problem

MOST_LEVELS = 10


def profile(frame: pd.DataFrame, problem: Problem) -> dict[str, Any]:
    """Describe a table, its columns and its periods, in terms that JSON knows.

    Parameters
    ----------
    frame : DataFrame of n rows

    Returns
    -------
    dict
        ``rows``; ``duplicates``; ``columns``, by name; ``periods``, by label, each with its
        rows and its share of positives.
    """
    outcome = pd.Series(outcomes(frame, problem.target), index=frame.index)
    period = labels(frame[problem.time.column], problem.time.period)
    by_period = outcome.groupby(period).agg(["size", "mean"])
    return {
        "problem": problem.name,
        "rows": len(frame),
        "duplicates": int(frame.duplicated().sum()),
        "positive_share": float(outcome.mean()),
        "columns": {str(name): _column(frame[name]) for name in frame.columns},
        "periods": {
            str(label): {"rows": int(row["size"]), "positive_share": float(row["mean"])}
            for label, row in by_period.iterrows()
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
    most = known.value_counts().head(MOST_LEVELS)
    return {"most": {str(level): int(count) for level, count in most.items()}}
