"""Bins of an encoded column, numeric or categorical, and histograms over them.

Bins are fixed when the model is fitted. Histograms of several batches add up to that of all their
rows.
"""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from longhaul.features.columns import Category

OTHER = "(other)"  # all categories that were rare or are new


@dataclass(frozen=True)
class Histogram:
    """Counts of a column's values, bin by bin.

    Attributes
    ----------
    counts : ndarray of int, shape (b,)
        Values in each of the b bins or levels.
    sums : ndarray of float, shape (b,)
        Of a number's values in each bin; zeros for a category.
    missing : int
        Missing values; they are in no bin.
    out_of_range : int
        Numbers beyond the range of the reference; rows of a category that it had never seen. Of a
        period of the reference: beyond the range of its other periods. Zero in references of
        earlier releases, which are judged as they were.
    """

    counts: np.ndarray
    sums: np.ndarray
    missing: int
    out_of_range: int = 0

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
    def present(self) -> int:
        """Number of values that are not missing."""
        return int(self.counts.sum())

    @property
    def rows(self) -> int:
        """Number of values, the missing ones included."""
        return self.present + self.missing

    @property
    def mean(self) -> float:
        """Mean of a number's values; NaN where there are none."""
        return float(self.sums.sum() / self.present) if self.present else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return {
            "counts": self.counts.tolist(),
            "sums": self.sums.tolist(),
            "missing": self.missing,
            "outside": self.out_of_range,  # the key of every stored reference
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore a histogram from `to_dict`."""
        counts, sums = np.array(record["counts"], dtype=np.int64), np.array(record["sums"], float)
        return cls(counts, sums, record["missing"], record["outside"])


@dataclass(frozen=True)
class Bins:
    """Bins of one column.

    Attributes
    ----------
    name : str
        The encoded column.
    feature : str
        The table's column that it comes from.
    column_type : {"number", "category"}
    edges : tuple of float
        Of a number: bin i holds the values from edge i - 1 on and below edge i; the first and the
        last bin are open.
    low, high : float or None
        A number's range; None where it was never known.
    lowest, highest : float or None
        The range that a new period may reach, see `longhaul.monitoring.ranges`; None where it is
        that of the reference.
    levels : tuple of str
        Of a category: bin i holds code i, the last one all that are rare or new.
    rare : tuple of str
        Categories that the reference has seen, but too seldom to have a code.
    """

    name: str
    feature: str
    column_type: str
    edges: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    lowest: float | None = None
    highest: float | None = None
    levels: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.levels) if self.column_type == "category" else len(self.edges) + 1

    def histogram(self, values: np.ndarray) -> Histogram:
        """Count the values of a column.

        Parameters
        ----------
        values : ndarray of float32, shape (n,)
            NaN is missing.
        """
        if self.column_type == "category":
            return self._count_levels(values)
        # Sorting float32 takes numpy less time than looking each of them up.
        ordered = np.sort(values)
        present = ordered[: np.searchsorted(ordered, np.nan)]
        cuts = np.searchsorted(present, np.asarray(self.edges, dtype=np.float32), side="left")
        bounds = np.concatenate([[0], cuts, [len(present)]])
        total = np.concatenate([[0.0], np.cumsum(present, dtype=np.float64)])
        return Histogram(
            np.diff(bounds),
            np.diff(total[bounds]),
            len(values) - len(present),
            self._count_out_of_range(present),
        )

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        fields = asdict(self).items()
        return {"kind" if name == "column_type" else name: value for name, value in fields}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore bins from `to_dict`."""
        fields = dict(record)
        lists: dict[str, Any] = {key: tuple(fields[key]) for key in ("edges", "levels", "rare")}
        return cls(column_type=fields.pop("kind"), **{**fields, **lists})

    def _count_levels(self, values: np.ndarray) -> Histogram:
        last = len(self) - 1
        codes = values[~np.isnan(values)].astype(np.int64)
        counts = np.bincount(np.minimum(codes, last), minlength=last + 1)
        return Histogram(counts, np.zeros(last + 1), len(values) - len(codes))

    def _count_out_of_range(self, ordered: np.ndarray) -> int:
        """Count the sorted values that lie beyond the range."""
        if self.low is None or self.high is None:
            return len(ordered)
        low = self.low if self.lowest is None else self.lowest
        high = self.high if self.highest is None else self.highest
        below = np.searchsorted(ordered, np.float32(low), side="left")
        above = np.searchsorted(ordered, np.float32(high), side="right")
        return int(below + len(ordered) - above)


def of_category(column: Category, rare: tuple[str, ...]) -> Bins:
    """Make one bin for each level of a category, and one for all others."""
    levels = (*column.levels, OTHER)
    return Bins(column.name, column.name, "category", levels=levels, rare=rare)


def of_number(name: str, feature: str, values: np.ndarray, bins: int) -> Bins:
    """Make the quantile bins of a number.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        NaN is missing.
    bins : int
        How many, at most: a value that is frequent has one for itself.
    """
    present = values[~np.isnan(values)].astype(np.float64)
    if not len(present):
        return Bins(name, feature, "number")
    edges = tuple(_quantile_edges(present, bins).tolist())
    return Bins(name, feature, "number", edges, float(present.min()), float(present.max()))


def _quantile_edges(values: np.ndarray, bins: int) -> np.ndarray:
    """Return the distinct inner quantiles; the second smallest value where one is nearly all."""
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    edges = np.unique(np.quantile(values, inner, method="inverted_cdf"))
    above = values[values > values.min()]
    edges = edges[edges > values.min()]
    return edges if len(edges) or not len(above) else above.min(keepdims=True)
