"""Observation of a period: its rows and their predictions, counted batch by batch."""

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.features.encoder import Encoder
from longhaul.monitoring import scored as counts_of
from longhaul.monitoring.batches import Batch, read
from longhaul.monitoring.bins import Histogram
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.period_counts import PeriodCounts, Sketch, sketch_frame
from longhaul.monitoring.reference import Reference
from longhaul.monitoring.scored import Scored
from longhaul.problem import Problem


@dataclass(frozen=True)
class Observation:
    """Counts of a period.

    Attributes
    ----------
    counts : PeriodCounts
    score_histogram : Histogram
        Of the predictions, in the reference's bins.
    clusters : ClusterCounts
        Counts of the predictions by cluster.
    days : ClusterCounts
        Counts of what the model itself predicted, before any correction, by day; empty where no
        column orders the rows.
    slices : mapping of (column, value) to Scores, ClassStatistics or RegressionStatistics
    columns : mapping of str to str
        By column: what is wrong with all of it, such as being gone or of another type.
    new : tuple of str
        Columns that are neither features nor excluded.
    """

    counts: PeriodCounts
    score_histogram: Histogram
    clusters: ClusterCounts[Scored]
    days: ClusterCounts[Scored] = field(default_factory=ClusterCounts)
    slices: Mapping[tuple[str, str], Scored] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    new: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows of the period."""
        return self.counts.rows

    @property
    def scores(self) -> Scored:
        """Counts of all predictions together."""
        return self.clusters.total


def observe(
    batches: Iterable[Batch], encoder: Encoder, reference: Reference, problem: Problem
) -> Observation | None:
    """Count a period, in memory that depends on the size of a batch alone.

    Parameters
    ----------
    batches : iterable of Batch
    encoder : Encoder
        Of the model that predicted.
    reference : Reference
        Of that model.
    problem : Problem

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
    return total.finish(encoder, problem) if total else None


def count(
    source: Path,
    predictions: Path,
    problem: Problem,
    due: bool,
    encoder: Encoder,
    reference: Reference,
) -> Observation | None:
    """Count a period from its files; see `observe` and `longhaul.monitoring.batches.read`."""
    return observe(read(source, predictions, problem, due), encoder, reference, problem)


@dataclass(frozen=True)
class PartialObservation:
    """Counts of part of a period; parts add up, in any order."""

    sketch: Sketch
    score_histogram: Histogram
    clusters: ClusterCounts[Scored]
    days: ClusterCounts[Scored]
    slices: Mapping[tuple[str, str], Scored]
    columns: Mapping[str, str]
    names: tuple[str, ...]

    @classmethod
    def of(cls, batch: Batch, encoder: Encoder, reference: Reference) -> "PartialObservation":
        """Count a batch."""
        matrix = encoder.transform(batch.frame)
        losses = reference.expected_losses(matrix, batch.probability)
        return cls(
            sketch_frame(batch.frame, matrix, encoder, reference.bins),
            reference.scores.histogram(batch.predictions),
            *_by_unit(batch, reference, losses),
            _slices(batch, reference, losses),
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
            self.clusters + other.clusters,
            self.days + other.days,
            both,
            {**self.columns, **other.columns},
            self.names,
        )

    def finish(self, encoder: Encoder, problem: Problem) -> Observation:
        """Convert the counts of all parts to an observation; see `observe`."""
        time = [problem.time.column] if problem.time else []
        expected = {*encoder.features, *problem.excluded, *time}
        return Observation(
            PeriodCounts.of(self.sketch, len(self.days.parts)),
            self.score_histogram,
            self.clusters,
            self.days,
            self.slices,
            self.columns,
            tuple(name for name in self.names if name not in expected),
        )


def _by_unit(
    batch: Batch, reference: Reference, losses: np.ndarray | None
) -> tuple[ClusterCounts[Scored], ClusterCounts[Scored]]:
    """Count predictions by cluster, and what the model itself said by day."""

    def summarize(scored: Batch, rows: np.ndarray) -> Scored:
        return counts_of.count(reference.valid, scored, rows, losses)

    served = partial(summarize, batch)
    raw = partial(summarize, replace(batch, probability=batch.raw))
    by_cluster: ClusterCounts[Scored] = ClusterCounts.of(batch.cluster, served)
    if batch.day is None:
        return by_cluster, ClusterCounts()
    uncorrected = np.array_equal(batch.raw, batch.probability)
    same = uncorrected and np.array_equal(batch.day, batch.cluster)
    return by_cluster, by_cluster if same else ClusterCounts.of(batch.day, raw)


def _slices(
    batch: Batch, reference: Reference, losses: np.ndarray | None
) -> dict[tuple[str, str], Scored]:
    counts = {}
    for slicing in reference.slices:
        if slicing.column not in batch.frame.columns:
            continue
        places = slicing.places(batch.frame[slicing.column])
        for place, name in enumerate(slicing.names):
            rows = np.flatnonzero(places == place)
            if len(rows):
                counts[slicing.column, name] = counts_of.count(reference.valid, batch, rows, losses)
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
