"""Periods of a table without times: batches, chosen by a hash of the row.

Which batch a row is in depends on nothing but the row, or its group: rows that are added or
removed move no other, and equal rows are never on both sides of a split. Where most rows have an
equal, as in tables of a few categories, equal rows are no copies but cases: each counts for itself.
"""

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data.periods import batch

MOSTLY = 0.5  # of the rows


def assign_batches(frame: pd.DataFrame, parts: int, group: str = "") -> pd.Series:
    """Assign each row to a batch.

    Parameters
    ----------
    frame : DataFrame of n rows
    parts : int
        How many batches.
    group : str
        A column; rows with the same value are in the same batch. Empty: equal rows are, unless
        most rows have an equal.

    Returns
    -------
    Series of str, n rows
        ``batch-0000`` and so on.
    """
    keys = frame[[group]] if group else frame
    hashed = np.zeros(len(frame), dtype=np.uint64)
    for name in sorted(map(str, keys.columns)):
        hashed = hashed * np.uint64(0x9E3779B97F4A7C15) + _hash(keys[name])
    if not group:
        repeats = pd.Series(hashed).duplicated(keep=False)
        if repeats.mean() > MOSTLY:
            number = pd.Series(hashed).groupby(hashed).cumcount().to_numpy(dtype=np.uint64)
            hashed = hashed + _mixed(number + np.uint64(1))
    # the high bits: the low ones of such sums are less well mixed
    place = (_mixed(hashed) >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32)
    labels = np.array([batch(number) for number in range(parts)], dtype=object)
    return pd.Series(labels[place.astype(np.int64)], index=frame.index, dtype="str")


def _hash(column: pd.Series) -> np.ndarray:
    """Hash each value; the hash of a number does not depend on its type."""
    if types.is_numeric_dtype(column):
        column = column.astype(float) + 0.0  # minus zero is zero
    try:
        return _hash_values(column)
    except TypeError:  # lists and the like, which have no hash
        return _hash_values(column.map(str).astype(object))


def _hash_values(column: pd.Series) -> np.ndarray:
    return np.asarray(pd.util.hash_pandas_object(column, index=False), dtype=np.uint64)


def _mixed(values: np.ndarray) -> np.ndarray:
    """Apply the finalizer of MurmurHash3 (Appleby): every bit depends on every other."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        values = (values ^ (values >> np.uint64(33))) * np.uint64(factor)
    return values ^ (values >> np.uint64(33))
