"""Share of rows that repeat another, in memory that does not grow with their number."""

from dataclasses import dataclass
from typing import Self

import numpy as np

MAX_KEPT = 1 << 17
_SEED = 2001


@dataclass(frozen=True)
class DistinctSample:
    """Sample of the distinct rows, with the number of times each was seen.

    Distinct sampling (Gibbons 2001, Distinct sampling for highly-accurate answers to distinct
    values queries, VLDB): a row is kept when its hash lies below a bound, and the bound is halved
    whenever too many are kept. Up to `MAX_KEPT` distinct rows, the share is exact.

    Attributes
    ----------
    hashes : ndarray of uint64, shape (k,)
        Ascending.
    times : ndarray of int, shape (k,)
    halvings : int
        Of the bound.
    """

    hashes: np.ndarray
    times: np.ndarray
    halvings: int = 0

    @classmethod
    def of(cls, matrix: np.ndarray) -> Self:
        """Sample the rows of a matrix: float32 of shape (n, p)."""
        hashes, times = np.unique(_hash_rows(matrix), return_counts=True)
        return cls(hashes, times)._bounded(0)

    def __add__(self, other: "DistinctSample") -> "DistinctSample":
        both = np.concatenate([self.hashes, other.hashes])
        hashes, place = np.unique(both, return_inverse=True)
        times = np.bincount(place, np.concatenate([self.times, other.times]))
        merged = DistinctSample(hashes, times.astype(np.int64))
        return merged._bounded(max(self.halvings, other.halvings))

    @property
    def share(self) -> float:
        """Share of rows that repeat an earlier one; 0 where there are no rows."""
        rows = self.times.sum()
        return float(1 - len(self.hashes) / rows) if rows else 0.0

    def _bounded(self, halvings: int) -> Self:
        hashes, times = self.hashes, self.times
        while True:
            kept = np.searchsorted(hashes, np.uint64((1 << (64 - halvings)) - 1), side="right")
            if kept <= MAX_KEPT:
                return type(self)(hashes[:kept], times[:kept], halvings)
            halvings += 1


def _hash_rows(matrix: np.ndarray) -> np.ndarray:
    """Hash each row: uint64 of shape (n,), the same in every process."""
    bits = np.ascontiguousarray(matrix, dtype=np.float32).view(np.uint32)
    drawn = np.random.default_rng(_SEED).integers(1 << 63, size=bits.shape[1], dtype=np.uint64)
    factors = np.asarray(2 * drawn + np.uint64(1))
    total = np.zeros(len(bits), dtype=np.uint64)
    for place in range(bits.shape[1]):
        total += bits[:, place] * factors[place]
        total ^= total >> np.uint64(29)
    return _mix(total)


def _mix(values: np.ndarray) -> np.ndarray:
    """Spread values over all 64 bits (SplitMix64's finalizer; Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
