"""Sums of expected and realized losses, in memory that does not depend on the rows."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np


@dataclass(frozen=True)
class LossSums:
    """Sums of q losses of each row, expected and realized; sums over batches add up.

    Attributes
    ----------
    rows : int
    labelled : int
        Rows with a known outcome.
    expected : ndarray of float, shape (q,)
        Expected losses, over all rows.
    sums : ndarray of float, shape (2 q,)
        Over labelled rows: realized losses, then expected ones.
    products : ndarray of float, shape (2 q, 2 q)
        Over labelled rows, of each pair of them.
    """

    rows: int
    labelled: int
    expected: np.ndarray
    sums: np.ndarray
    products: np.ndarray

    @classmethod
    def empty(cls, losses: int = 0) -> Self:
        """Return sums over no rows."""
        zeros = np.zeros(losses), np.zeros(2 * losses), np.zeros((2 * losses, 2 * losses))
        return cls(0, 0, *zeros)

    @classmethod
    def of(cls, expected: np.ndarray, realized: np.ndarray) -> Self:
        """Sum up losses.

        Parameters
        ----------
        expected : ndarray of float, shape (n, q)
        realized : ndarray of float, shape (n, q)
            NaN in rows without a known outcome.
        """
        labelled = ~np.isnan(realized).any(axis=1)
        both = np.hstack([realized, expected])[labelled]
        total = expected.sum(axis=0)
        return cls(len(expected), len(both), total, both.sum(axis=0), both.T @ both)

    def __add__(self, other: "LossSums") -> "LossSums":
        return LossSums(
            self.rows + other.rows,
            self.labelled + other.labelled,
            self.expected + other.expected,
            self.sums + other.sums,
            self.products + other.products,
        )

    def __sub__(self, other: "LossSums") -> "LossSums":
        return LossSums(
            self.rows - other.rows,
            self.labelled - other.labelled,
            self.expected - other.expected,
            self.sums - other.sums,
            self.products - other.products,
        )

    @property
    def realized(self) -> np.ndarray:
        """Realized losses, over labelled rows: float of shape (q,)."""
        return self.sums[: len(self.expected)]

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        arrays = {name: getattr(self, name).tolist() for name in ("expected", "sums", "products")}
        return {"rows": self.rows, "labelled": self.labelled, **arrays}

    @classmethod
    def from_dict(cls, record: dict[str, Any] | None) -> Self:
        """Restore sums from `to_dict`; empty ones from None, as in old records."""
        if record is None or not record["expected"]:
            return cls.empty()
        names = ("expected", "sums", "products")
        arrays = (np.array([*map(np.array, record[name])], dtype=float) for name in names)
        return cls(record["rows"], record["labelled"], *arrays)
