"""Where one encoded column is counted: the bins of a number, the levels of a category.

They are fixed when the model is fitted. What falls in them is a `Tally`, and histograms of several
batches add up to that of all their rows.
"""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from longhaul.features.columns import Category

OTHER = "(other)"  # all categories that were rare or are new


@dataclass(frozen=True)
class Histogram:
    """What was counted of a column.

    Attributes
    ----------
    counts : ndarray of int, shape (b,)
        Values in each of the b bins or levels.
    sums : ndarray of float, shape (b,)
        Of a number's values in each bin; zeros for a category.
    missing : int
        Values that are none; they are in no bin.
    outside : int
        Numbers beyond the range of the reference; rows of a category that it had never seen.
    """

    counts: np.ndarray
    sums: np.ndarray
    missing: int
    outside: int = 0

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram(
            self.counts + other.counts,
            self.sums + other.sums,
            self.missing + other.missing,
            self.out_of_range + other.out_of_range,
        )

    def __sub__(self, other: "Histogram") -> "Histogram":
        return Histogram(
            self.counts - other.counts,
            self.sums - other.sums,
            self.missing - other.missing,
            self.out_of_range - other.out_of_range,
        )

    @property
    def known(self) -> int:
        """Values that are not missing."""
        return int(self.counts.sum())

    @property
    def rows(self) -> int:
        """All values, the missing ones included."""
        return self.present + self.missing

    @property
    def mean(self) -> float:
        """Of a number's values; NaN where there are none."""
        return float(self.sums.sum() / self.present) if self.present else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {**asdict(self), "counts": self.counts.tolist(), "sums": self.sums.tolist()}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Read what `plain` gave."""
        counts, sums = np.array(plain["counts"], dtype=np.int64), np.array(plain["sums"], float)
        return cls(counts, sums, plain["missing"], plain["out_of_range"])


@dataclass(frozen=True)
class Bins:
    """The bins of one column.

    Attributes
    ----------
    name : str
        Of the encoded column.
    feature : str
        The table's column that it comes from.
    kind : {"number", "category"}
    edges : tuple of float
        Of a number: bin i holds the values from edge i - 1 on and below edge i; the first and the
        last bin are open.
    low, high : float or None
        A number's range; None where it was never known.
    levels : tuple of str
        Of a category: bin i holds code i, the last one all that are rare or new.
    rare : tuple of str
        Categories that the reference has seen, but too seldom to have a code.
    """

    name: str
    feature: str
    kind: str
    edges: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.levels) if self.kind == "category" else len(self.edges) + 1

    def histogram(self, values: np.ndarray) -> Histogram:
        """Count the values of a column.

        Parameters
        ----------
        values : ndarray of float32, shape (n,)
            NaN is missing.
        """
        if self.kind == "category":
            return self._levels(values)
        # Sorting float32 takes numpy less time than looking each of them up.
        ordered = np.sort(values)
        known = ordered[: np.searchsorted(ordered, np.nan)]
        cuts = np.searchsorted(known, np.asarray(self.edges, dtype=np.float32), side="left")
        bounds = np.concatenate([[0], cuts, [len(known)]])
        total = np.concatenate([[0.0], np.cumsum(known, dtype=np.float64)])
        return Histogram(
            np.diff(bounds), np.diff(total[bounds]), len(values) - len(known), self._outside(known)
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON knows it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Read what `plain` gave."""
        lists: dict[str, Any] = {key: tuple(plain[key]) for key in ("edges", "levels", "rare")}
        return cls(**{**plain, **lists})

    def _levels(self, values: np.ndarray) -> Histogram:
        last = len(self) - 1
        known = values[~np.isnan(values)].astype(np.int64)
        counts = np.bincount(np.minimum(known, last), minlength=last + 1)
        return Histogram(counts, np.zeros(last + 1), len(values) - len(known))

    def _outside(self, ordered: np.ndarray) -> int:
        """How many of the sorted values lie beyond the range."""
        if self.low is None or self.high is None:
            return len(ordered)
        below = np.searchsorted(ordered, np.float32(self.low), side="left")
        above = np.searchsorted(ordered, np.float32(self.high), side="right")
        return int(below + len(ordered) - above)


def of_category(column: Category, rare: tuple[str, ...]) -> Bins:
    """One bin for each level, and one for all others."""
    levels = (*column.levels, OTHER)
    return Bins(column.name, column.name, "category", levels=levels, rare=rare)


def of_number(name: str, feature: str, values: np.ndarray, bins: int) -> Bins:
    """The quantile bins of a number.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        NaN is missing.
    bins : int
        How many, at most: a value that is frequent has one for itself.
    """
    known = values[~np.isnan(values)].astype(np.float64)
    if not len(known):
        return Bins(name, feature, "number")
    edges = tuple(_edges(known, bins).tolist())
    return Bins(name, feature, "number", edges, float(known.min()), float(known.max()))


def _edges(known: np.ndarray, bins: int) -> np.ndarray:
    """The inner quantiles, each once; where one value is nearly all, the next one above it."""
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    edges = np.unique(np.quantile(known, inner, method="inverted_cdf"))
    above = known[known > known.min()]
    edges = edges[edges > known.min()]
    return edges if len(edges) or not len(above) else above.min(keepdims=True)
