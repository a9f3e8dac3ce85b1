"""Ranges that a period is expected to keep to, learned from how far the reference's periods reach.

The range of a reference spans all of its periods, so that none of them has a value beyond it; but
of k + 1 periods that differ by chance, the last one holds a record with probability 1 / (k + 1).
So a number's range is widened: to the prediction limits of one more period's smallest and greatest
value, which are taken as normal over the periods (Hahn and Meeker 1991, Statistical Intervals,
chapter 4). For categories there is no such distance; and where extremes have long tails, normal
limits are too narrow. Hence each period of the reference is held against the others in the same
way, left out in turn (Stone 1974, Journal of the Royal Statistical Society B 36): the largest share
of values out of range among them is no drift in a new period either. Of a lone period, each row is
left out: the rows with a value that no other one reaches, or with a category of their own, tell how
often the next row has one (Good 1953, Biometrika 40).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import t

from longhaul.features.formats import texts

MIN_PERIODS = 3  # to learn limits from
# Of either limit. Each column has several measures, and a table many columns.
LEVEL = 2e-4


def widen(values: np.ndarray, periods: Sequence[np.ndarray]) -> tuple[float, float] | None:
    """Return the limits of one more period's values; None where they cannot be learned.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        NaN is missing.
    periods : sequence of ndarray of bool, shape (n,)
        The rows of each of k periods.
    """
    return _widen(_extremes(_parts(values, periods)))


def count_out_of_range_of_others(
    values: np.ndarray | pd.Series, periods: Sequence[np.ndarray]
) -> np.ndarray:
    """Count each period's values out of range of the others, or of categories of its own.

    Parameters
    ----------
    values : ndarray of float32, or Series of categories, n rows
        Missing ones are never out of range.
    periods : sequence of ndarray of bool, shape (n,)
        The rows of each of k periods.

    Returns
    -------
    ndarray of int, shape (k,)
        Of a lone period, the rows out of range of all other rows.
    """
    if isinstance(values, pd.Series):
        return _count_categories(values, periods)
    return _count_numbers(_parts(values, periods))


def _parts(values: np.ndarray, periods: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the values of each period that are not missing."""
    return [part[~np.isnan(part)] for part in (values[rows] for rows in periods)]


def _extremes(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return the smallest and the greatest value of each period that has values."""
    pairs = [(part.min(), part.max()) for part in parts if len(part)]
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def _widen(extremes: np.ndarray) -> tuple[float, float] | None:
    count = len(extremes)
    if count < MIN_PERIODS:
        return None
    reach = t.isf(LEVEL, count - 1) * extremes.std(axis=0, ddof=1) * np.sqrt(1 + 1 / count)
    low, high = extremes[:, 0].min(), extremes[:, 1].max()
    means = extremes.mean(axis=0)
    return float(min(low, means[0] - reach[0])), float(max(high, means[1] + reach[1]))


def _count_numbers(parts: Sequence[np.ndarray]) -> np.ndarray:
    if len(parts) == 1:
        (values,) = parts
        ends = (values.min(initial=np.inf), values.max(initial=-np.inf))
        return np.array([sum(np.count_nonzero(values == end) == 1 for end in ends)])
    counts = np.zeros(len(parts), dtype=np.int64)
    for place, part in enumerate(parts):
        extremes = _extremes([*parts[:place], *parts[place + 1 :]])
        if len(extremes):
            span = _widen(extremes) or (extremes[:, 0].min(), extremes[:, 1].max())
            low, high = np.float32(span[0]), np.float32(span[1])
            counts[place] = np.count_nonzero((part < low) | (part > high))
    return counts


def _count_categories(column: pd.Series, periods: Sequence[np.ndarray]) -> np.ndarray:
    codes, categories = texts(column)
    counts = np.array(
        [np.bincount(codes[rows][codes[rows] >= 0], minlength=len(categories)) for rows in periods]
    )
    own = (counts if len(periods) == 1 else counts > 0).sum(axis=0) == 1
    return np.asarray(counts[:, own].sum(axis=1))
