"""Slices that performance is broken down by, fixed when the model is fitted."""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.evaluation.slices import BINS, MAX_LEVELS, MISSING, OTHER
from longhaul.features.formats import numbers, texts


@dataclass(frozen=True)
class Slicing:
    """Slices of one column.

    Attributes
    ----------
    column : str
    levels : tuple of str
        Values that are slices by themselves; empty for a number that is cut into ranges.
    edges : tuple of float
        Between the ranges of a number; each belongs to the range above it.
    """

    column: str
    levels: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()

    @classmethod
    def fit(cls, column: pd.Series) -> Self:
        """Make a slice of each value, or of each tenth of a number with many values."""
        name = str(column.name)
        indices, values = texts(column)
        number = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
        if number and len(values) > MAX_LEVELS:
            number_values = numbers(column)
            present = number_values[~np.isnan(number_values)]
            inner = np.linspace(0, 1, BINS + 1)[1:-1]
            edges = np.unique(np.quantile(present, inner, method="inverted_cdf"))
            return cls(name, edges=tuple(edges.tolist()))
        counts = np.bincount(indices[indices >= 0], minlength=len(values))
        kept = [values[place] for place in np.argsort(-counts, kind="stable")[:MAX_LEVELS]]
        order = sorted(kept, key=float) if number else kept
        return cls(name, levels=tuple(order))

    @property
    def names(self) -> list[str]:
        """Names of the slices: values or ranges, then all other values, then missing ones."""
        if self.levels:
            return [*self.levels, OTHER, MISSING]
        if not self.edges:
            return [OTHER, MISSING]
        bounds = [f"{edge:g}" for edge in self.edges]
        between = [f"{low} to {high}" for low, high in pairwise(bounds)]
        return [f"below {bounds[0]}", *between, f"from {bounds[-1]}", OTHER, MISSING]

    def places(self, column: pd.Series) -> np.ndarray:
        """Return the index in `names` of each value's slice: int of shape (n,)."""
        if self.edges:
            values = numbers(column)
            place = np.searchsorted(self.edges, values, side="right")
            return np.where(np.isnan(values), len(self.edges) + 2, place)
        codes = {level: code for code, level in enumerate(self.levels)}
        indices, values = texts(column)
        of_level = [codes.get(value, len(self.levels)) for value in values]
        return np.array([*of_level, len(self.levels) + 1])[indices]

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore slices from `to_dict`."""
        return cls(record["column"], tuple(record["levels"]), tuple(record["edges"]))
