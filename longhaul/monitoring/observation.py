"""Observation of a period: its rows and their predictions, counted batch by batch."""

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.features.encoder import Encoder
from longhaul.monitoring.batches import Batch, read
from longhaul.monitoring.bins import Histogram
from longhaul.monitoring.period_counts import PeriodCounts, Sketch, sketch_frame
from longhaul.monitoring.reference import Reference, Scored
from longhaul.problem import Target


@dataclass(frozen=True)
class Observation:
    """Counts of a period.

    Attributes
    ----------
    counts : PeriodCounts
    score_histogram : Histogram
        Of the predictions, in the reference's bins.
    scores : Scores or RegressionStatistics
    slices : mapping of (column, value) to Scores or RegressionStatistics
    columns : mapping of str to str
        By column: what is wrong with all of it, such as being gone or of another type.
    new : tuple of str
        Columns that are neither features nor excluded.
    """

    counts: PeriodCounts
    score_histogram: Histogram
    scores: Scored
    slices: Mapping[tuple[str, str], Scored] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    new: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows of the period."""
        return self.counts.rows


def observe(
    batches: Iterable[Batch], encoder: Encoder, reference: Reference, excluded: Iterable[str] = ()
) -> Observation | None:
    """Count a period, in memory that depends on the size of a batch alone.

    Parameters
    ----------
    batches : iterable of Batch
    encoder : Encoder
        Of the model that predicted.
    reference : Reference
        Of that model.
    excluded : iterable of str
        Columns that are no features and yet not new.

    Returns
    -------
    Observation or None
        None where there are no rows.
    """
    total: PartialObservation | None = None
    for batch in batches:
        if len(batch.frame):
            part = PartialObservation.of(batch, encoder, reference)
            total = part if total is None else total + part
    return total.finish(encoder, excluded) if total else None


def count(
    source: Path,
    predictions: Path,
    target: Target,
    due: bool,
    encoder: Encoder,
    reference: Reference,
    excluded: Iterable[str] = (),
) -> Observation | None:
    """Count a period from its files; see `observe` and `longhaul.monitoring.batches.read`."""
    return observe(read(source, predictions, target, due), encoder, reference, excluded)


@dataclass(frozen=True)
class PartialObservation:
    """Counts of part of a period; parts add up, in any order."""

    sketch: Sketch
    score_histogram: Histogram
    scores: Scored
    slices: Mapping[tuple[str, str], Scored]
    columns: Mapping[str, str]
    names: tuple[str, ...]

    @classmethod
    def of(cls, batch: Batch, encoder: Encoder, reference: Reference) -> "PartialObservation":
        """Count a batch."""
        matrix = encoder.transform(batch.frame)
        return cls(
            sketch_frame(batch.frame, matrix, encoder, reference.bins),
            reference.scores.histogram(batch.predictions),
            reference.valid.summarize(batch.probability, batch.decision, batch.outcome),
            _slices(batch, reference),
            _column_faults(batch.frame, encoder),
            tuple(map(str, batch.frame.columns)),
        )

    def __add__(self, other: "PartialObservation") -> "PartialObservation":
        keys = {**self.slices, **other.slices}
        both = {
            key: reduce(
                operator.add, [part[key] for part in (self.slices, other.slices) if key in part]
            )
            for key in keys
        }
        return PartialObservation(
            self.sketch + other.sketch,
            self.score_histogram + other.score_histogram,
            operator.add(self.scores, other.scores),
            both,
            {**self.columns, **other.columns},
            self.names,
        )

    def finish(self, encoder: Encoder, excluded: Iterable[str]) -> Observation:
        """Convert the counts of all parts to an observation; see `observe`."""
        expected = {*encoder.features, *excluded}
        return Observation(
            PeriodCounts.of(self.sketch),
            self.score_histogram,
            self.scores,
            self.slices,
            self.columns,
            tuple(name for name in self.names if name not in expected),
        )


def _slices(batch: Batch, reference: Reference) -> dict[tuple[str, str], Scored]:
    counts = {}
    for slicing in reference.slices:
        if slicing.column not in batch.frame.columns:
            continue
        places = slicing.places(batch.frame[slicing.column])
        for place, name in enumerate(slicing.names):
            rows = np.flatnonzero(places == place)
            if len(rows):
                counts[slicing.column, name] = reference.valid.summarize(
                    batch.probability[rows], batch.decision[rows], batch.outcome[rows]
                )
    return counts


def _column_faults(frame: pd.DataFrame, encoder: Encoder) -> dict[str, str]:
    """Describe features that are gone, or of another type than the model was fitted on."""
    faults = {}
    for column in encoder.columns:
        if column.name not in frame.columns:
            faults[column.name] = "is gone: missing in every row"
        elif column.column_type == "number" and not _numeric(frame[column.name]):
            faults[column.name] = "holds text instead of numbers"
        elif column.column_type == "date" and types.is_numeric_dtype(frame[column.name]):
            faults[column.name] = "holds numbers instead of times"
    return faults


def _numeric(column: pd.Series) -> bool:
    return types.is_numeric_dtype(column) or not column.notna().any()
