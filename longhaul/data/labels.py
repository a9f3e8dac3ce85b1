"""The target as a vector of outcomes."""

import numpy as np
import pandas as pd

from longhaul.errors import LonghaulError
from longhaul.problem import Target


def outcomes(frame: pd.DataFrame, target: Target) -> np.ndarray:
    """Which rows are of the positive class.

    Parameters
    ----------
    frame : DataFrame of n rows
    target : Target
        Its positive value is compared as text, without regard to case; numbers by value.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    LonghaulError
        When the column is not there, or a row has no outcome.
    """
    if target.column not in frame.columns:
        raise LonghaulError(f"target.column: column {target.column!r} is not in the table")
    column = frame[target.column]
    if column.isna().any():
        count = int(column.isna().sum())
        raise LonghaulError(f"target {target.column!r}: {count} rows have no outcome")
    if pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=bool) == (target.positive.lower() in {"true", "1"})
    if pd.api.types.is_numeric_dtype(column):
        try:
            return column.to_numpy(dtype=float) == float(target.positive)
        except ValueError:
            return np.zeros(len(column), dtype=bool)
    return (column.astype(str).str.lower() == target.positive.lower()).to_numpy(dtype=bool)
