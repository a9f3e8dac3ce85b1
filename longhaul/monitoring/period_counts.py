"""Counts that monitoring keeps of a period's rows; their size does not depend on the rows."""

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
    """Counts of rows while they are read; sketches of batches add up.

    Attributes
    ----------
    rows : int
    histograms : mapping of str to Histogram
        By encoded column.
    distinct_sample : DistinctSample
        Of rows that are equal in all that the model sees.
    """

    rows: int
    histograms: Mapping[str, Histogram]
    distinct_sample: DistinctSample

    def __add__(self, other: "Sketch") -> "Sketch":
        added = {
            name: histogram + other.histograms[name] for name, histogram in self.histograms.items()
        }
        return Sketch(self.rows + other.rows, added, self.distinct_sample + other.distinct_sample)


@dataclass(frozen=True)
class PeriodCounts:
    """Counts of a period as they are stored: a sketch without its sample.

    Attributes
    ----------
    rows : int
    histograms : mapping of str to Histogram
        By encoded column.
    repeated : float
        Share of rows that repeat another one.
    days : int
        That have rows; 0 where no column orders the rows, and in references of earlier releases.
    """

    rows: int
    histograms: Mapping[str, Histogram]
    repeated: float
    days: int = 0

    @classmethod
    def of(cls, sketch: Sketch, days: int = 0) -> Self:
        """Reduce a sketch to its stored counts."""
        return cls(sketch.rows, sketch.histograms, sketch.distinct_sample.share, days)

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        columns = {name: histogram.to_dict() for name, histogram in self.histograms.items()}
        return {
            "rows": self.rows,
            "repeated": self.repeated,
            "days": self.days,
            "columns": columns,
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore counts from `to_dict`."""
        histograms = {
            name: Histogram.from_dict(column) for name, column in record["columns"].items()
        }
        return cls(record["rows"], histograms, record["repeated"], record.get("days", 0))


def sketch_matrix(matrix: np.ndarray, bins: Sequence[Bins]) -> Sketch:
    """Count encoded rows.

    Parameters
    ----------
    matrix : ndarray of float32, shape (n, p)
    bins : sequence of Bins, of length p
    """
    histograms = {
        column.name: column.histogram(values) for column, values in zip(bins, matrix.T, strict=True)
    }
    return Sketch(len(matrix), histograms, DistinctSample.of(matrix))


def sketch_frame(
    frame: pd.DataFrame, matrix: np.ndarray, encoder: Encoder, bins: Sequence[Bins]
) -> Sketch:
    """Count the rows of a table, with the categories among them that are new.

    Parameters
    ----------
    frame : DataFrame of n rows
    matrix : ndarray of float32, shape (n, p)
        The same rows, encoded.
    encoder : Encoder
        That encoded them.
    bins : sequence of Bins, of length p
    """
    encoded = sketch_matrix(matrix, bins)
    histograms = dict(encoded.histograms)
    for place in encoder.categorical:
        column, codes = bins[place], matrix[:, place]
        rare = np.flatnonzero(codes == len(column) - 1)
        if len(rare):
            unseen = _count_unseen(frame[column.feature].iloc[rare], column)
            histograms[column.name] = histograms[column.name] + Histogram(
                np.zeros(len(column), dtype=np.int64), np.zeros(len(column)), 0, unseen
            )
    return Sketch(encoded.rows, histograms, encoded.distinct_sample)


def pool(histograms: Sequence[Histogram]) -> Histogram:
    """Add up histograms of the same bins."""
    return reduce(Histogram.__add__, histograms)


def _count_unseen(column: pd.Series, bins: Bins) -> int:
    """Count the rows with a category that the reference had never seen."""
    indices, categories = texts(column)
    seen = {*bins.levels, *bins.rare}
    unseen = np.array([category not in seen for category in categories], dtype=bool)
    return int(unseen[indices].sum())
