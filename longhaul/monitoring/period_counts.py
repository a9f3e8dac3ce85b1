"""What monitoring keeps of some rows: counts, whose size does not depend on their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

import numpy as np
import pandas as pd

from longhaul.features.encoder import Encoder
from longhaul.features.formats import texts
from longhaul.monitoring.bins import Bins, Histogram
from longhaul.monitoring.distinct_sample import DistinctSample


@dataclass(frozen=True)
class Sketch:
    """Counts of some rows; those of batches add up.

    Attributes
    ----------
    rows : int
    histograms : mapping of str to Tally
        By encoded column.
    repeats : Repeats
        Rows that are equal in all that the model sees.
    """

    rows: int
    histograms: Mapping[str, Histogram]
    repeats: DistinctSample

    def __add__(self, other: "Sketch") -> "Sketch":
        added = {name: histogram + other.histograms[name] for name, histogram in self.histograms.items()}
        return Sketch(self.rows + other.rows, added, self.distinct_sample + other.distinct_sample)


@dataclass(frozen=True)
class PeriodCounts:
    """A sketch as it is kept: the share of repeated rows instead of the sample it came from."""

    rows: int
    histograms: Mapping[str, Histogram]
    repeated: float

    @classmethod
    def of(cls, sketch: Sketch) -> Self:
        """Keep a sketch."""
        return cls(sketch.rows, sketch.histograms, sketch.distinct_sample.share)

    def to_dict(self) -> dict[str, Any]:
        """As JSON knows it."""
        histograms = {name: histogram.to_dict() for name, histogram in self.histograms.items()}
        return {"rows": self.rows, "repeated": self.repeated, "columns": histograms}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Read what `plain` gave."""
        histograms = {name: Histogram.from_dict(one) for name, one in plain["columns"].items()}
        return cls(plain["rows"], histograms, plain["repeated"])


def sketch(matrix: np.ndarray, bins: Sequence[Bins]) -> Sketch:
    """Count encoded rows.

    Parameters
    ----------
    matrix : ndarray of float32, shape (n, p)
    bins : sequence of Bins, of length p
    """
    histograms = {one.name: one.histogram(column) for one, column in zip(bins, matrix.T, strict=True)}
    return Sketch(len(matrix), histograms, DistinctSample.of(matrix))


def sketch_frame(
    frame: pd.DataFrame, matrix: np.ndarray, encoder: Encoder, bins: Sequence[Bins]
) -> Sketch:
    """Count the rows of a table, with the categories among them that are new.

    Parameters
    ----------
    frame : DataFrame of n rows
    matrix : ndarray of float32, shape (n, p)
        What `encoder` makes of it.
    """
    sketch = sketch(matrix, bins)
    histograms = dict(sketch.histograms)
    for place in encoder.categorical:
        one, codes = bins[place], matrix[:, place]
        rare = np.flatnonzero(codes == len(one) - 1)
        if len(rare):
            unseen = _unseen(frame[one.feature].iloc[rare], one)
            histograms[one.name] = histograms[one.name] + Histogram(
                np.zeros(len(one), dtype=np.int64), np.zeros(len(one)), 0, unseen
            )
    return Sketch(sketch.rows, histograms, sketch.distinct_sample)


def pool(histograms: Sequence[Histogram]) -> Histogram:
    """All of them together."""
    return reduce(Histogram.__add__, histograms)


def _unseen(column: pd.Series, bins: Bins) -> int:
    """How many rows have a category that the reference had never seen."""
    indices, found = texts(column)
    known = {*bins.levels, *bins.rare}
    new = np.array([level not in known for level in found], dtype=bool)
    return int(new[indices].sum())
