"""What later periods are measured against; monitoring needs no training data.

It is fixed when the model is fitted, and speaks of the encoded columns: what reaches the model.
Numbers are counted in quantile bins, categories by level, each period for itself, so that drift
can be held against the variation that the periods before had among themselves.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from longhaul.features.columns import Category
from longhaul.features.encoder import Encoder
from longhaul.learning.sample import Sample

FORMAT = 1
OTHER = "(other)"  # all categories that were rare or are new


def reference(
    encoder: Encoder, sample: Sample, periods: np.ndarray, scores: np.ndarray, bins: int
) -> dict[str, Any]:
    """Describe the rows a model was fitted on, and how its predictions are spread.

    Parameters
    ----------
    encoder : Encoder
        With p columns.
    sample : Sample of n rows
        Encoded by it.
    periods : ndarray of str, shape (n,)
        The label of each row's period.
    scores : ndarray of float, shape (m,)
        Predictions of rows that the model that made them had not seen: those of rows it was
        fitted on would be too sure.
    bins : int
        How many quantile bins, at most, a number and the scores have.

    Returns
    -------
    dict
        As JSON knows it. ``rows`` and ``positive`` hold each period's number of rows and share of
        positive outcomes; ``columns`` one entry for each of the p, by name; ``scores`` one for
        the scores. An entry has ``kind``, ``edges`` or ``levels``, and for each period the
        ``counts`` (see `tally`) and the share that is ``missing``; a number's ``min`` and
        ``max`` too.
    """
    labels, period = np.unique(np.asarray(periods, dtype=str), return_inverse=True)
    rows = np.bincount(period, minlength=len(labels))
    positive = np.bincount(period[sample.outcome], minlength=len(labels)) / rows
    categories = _categories(encoder)
    described = {}
    for name, values in zip(encoder.names, sample.matrix.T, strict=True):
        entry = _category(categories[name]) if name in categories else _number(values, bins)
        described[name] = entry | _by_period(entry, values, period, labels)
    spread = _number(scores, bins)
    return {
        "format": FORMAT,
        "rows": _keyed(labels, rows),
        "positive": _keyed(labels, positive),
        "columns": described,
        "scores": spread | {"counts": tally(spread, scores).tolist()},
    }


def tally(entry: dict[str, Any], values: np.ndarray) -> np.ndarray:
    """How many values fall in each bin or level of a reference's entry; NaN in none.

    Bin i of a number holds those from edge i - 1 on and below edge i, the first and the last bin
    being open; bin i of a category holds code i, the last one all others.
    """
    known = values[~np.isnan(values)]
    if entry["kind"] == "category":
        last = len(entry["levels"]) - 1
        return np.bincount(np.minimum(known.astype(int), last), minlength=last + 1)
    edges = np.asarray(entry["edges"])
    return np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)


def _categories(encoder: Encoder) -> dict[str, Sequence[str]]:
    """The levels of each column of categories, by code."""
    return {
        column.name: (*column.levels, OTHER)
        for column in encoder.columns
        if isinstance(column, Category)
    }


def _category(levels: Sequence[str]) -> dict[str, Any]:
    return {"kind": "category", "levels": list(levels)}


def _number(values: np.ndarray, bins: int) -> dict[str, Any]:
    """The edges between a number's bins, and its range."""
    known = values[~np.isnan(values)].astype(np.float64)
    if not len(known):
        return {"kind": "number", "edges": [], "min": None, "max": None}
    low, high = float(known.min()), float(known.max())
    return {"kind": "number", "edges": _edges(known, bins).tolist(), "min": low, "max": high}


def _edges(known: np.ndarray, bins: int) -> np.ndarray:
    """The inner quantiles, each once; where one value is nearly all, the next one above it."""
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    edges = np.unique(np.quantile(known, inner, method="inverted_cdf"))
    above = known[known > known.min()]
    edges = edges[edges > known.min()]
    return edges if len(edges) or not len(above) else above.min(keepdims=True)


def _by_period(
    entry: dict[str, Any], values: np.ndarray, period: np.ndarray, labels: np.ndarray
) -> dict[str, Any]:
    """Counts and the share of missing values in each period."""
    parts = [values[period == i] for i in range(len(labels))]
    return {
        "counts": _keyed(labels, np.array([tally(entry, part) for part in parts])),
        "missing": _keyed(labels, np.array([np.isnan(part).mean() for part in parts])),
    }


def _keyed(labels: np.ndarray, figures: np.ndarray) -> dict[str, Any]:
    return dict(zip(labels.tolist(), figures.tolist(), strict=True))
