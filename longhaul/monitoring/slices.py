"""The slices that performance is broken down by, fixed when the model is fitted."""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.evaluation.slices import BINS, MISSING, MAX_LEVELS, OTHER
from longhaul.features.formats import numbers, texts


@dataclass(frozen=True)
class Slicing:
    """One column's slices.

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
        """Few values are slices by themselves; many numbers are cut at their tenths."""
        name = str(column.name)
        indices, found = texts(column)
        number = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
        if number and len(found) > MAX_LEVELS:
            known = numbers(column)
            inner = np.linspace(0, 1, BINS + 1)[1:-1]
            edges = np.unique(np.quantile(known[~np.isnan(known)], inner, method="inverted_cdf"))
            return cls(name, edges=tuple(edges.tolist()))
        counts = np.bincount(indices[indices >= 0], minlength=len(found))
        kept = [found[place] for place in np.argsort(-counts, kind="stable")[:MAX_LEVELS]]
        order = sorted(kept, key=float) if number else kept
        return cls(name, levels=tuple(order))

    @property
    def names(self) -> list[str]:
        """Of all slices: those of values or ranges, then all other values, then none."""
        if self.levels:
            return [*self.levels, OTHER, MISSING]
        if not self.edges:
            return [OTHER, MISSING]
        bounds = [f"{edge:g}" for edge in self.edges]
        between = [f"{low} to {high}" for low, high in pairwise(bounds)]
        return [f"below {bounds[0]}", *between, f"from {bounds[-1]}", OTHER, MISSING]

    def places(self, column: pd.Series) -> np.ndarray:
        """Which of `names` each value belongs to: int of shape (n,)."""
        if self.edges:
            values = numbers(column)
            place = np.searchsorted(self.edges, values, side="right")
            return np.where(np.isnan(values), len(self.edges) + 2, place)
        codes = {level: code for code, level in enumerate(self.levels)}
        indices, found = texts(column)
        of_level = [codes.get(level, len(self.levels)) for level in found]
        return np.array([*of_level, len(self.levels) + 1])[indices]

    def to_dict(self) -> dict[str, Any]:
        """As JSON knows it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Read what `plain` gave."""
        return cls(plain["column"], tuple(plain["levels"]), tuple(plain["edges"]))
