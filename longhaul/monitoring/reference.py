"""What later periods are measured against; monitoring needs no training data.

It is fixed when the model is fitted, and speaks of the encoded columns: what reaches the model.
Every period is counted by itself, so that drift can be held against the variation that the
periods before had among themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd

from longhaul.errors import LonghaulError
from longhaul.estimators.sample import Sample
from longhaul.features.columns import Category
from longhaul.features.encoder import Encoder
from longhaul.features.formats import texts
from longhaul.json_values import replace_non_finite
from longhaul.monitoring import bins as bins_of
from longhaul.monitoring.batches import align
from longhaul.monitoring.bins import Bins, Histogram
from longhaul.monitoring.calibration import Calibration
from longhaul.monitoring.period_counts import PeriodCounts, sketch_matrix, pool
from longhaul.monitoring.regression_statistics import RegressionStatistics
from longhaul.monitoring.scores import Scores
from longhaul.monitoring.slices import Slicing
from longhaul.problem import Target

FORMAT = 2
MAX_RARE = 10_000  # categories without a code that are kept by name
SCORE = "prediction"

Scored = Scores | RegressionStatistics  # predictions of classes, or of numbers


@dataclass(frozen=True)
class Reference:
    """The rows that a model was fitted on, and its predictions of rows that it had not seen.

    Attributes
    ----------
    bins : tuple of Bins
        Of the p encoded columns.
    periods : mapping of str to Counted
        What was counted in each period, by its label.
    importance : mapping of str to float
        Of each feature of the table, as shares of one.
    scores : Bins
        Of the predictions on validation.
    valid : Scores or Errors
        Those predictions with their outcomes.
    calibration : Calibration
        Learned from them; of numbers there is nothing to learn.
    slices : tuple of Slicing
    """

    bins: tuple[Bins, ...]
    periods: Mapping[str, PeriodCounts]
    importance: Mapping[str, float]
    scores: Bins
    valid: Scored
    score_histogram: Histogram
    calibration: Calibration
    slices: tuple[Slicing, ...]

    def pooled(self, column: str, without: str = "") -> Histogram:
        """What was counted of a column in all periods, but one."""
        whole = self._totals[column]
        return whole - self.periods[without].histograms[column] if without else whole

    @cached_property
    def _totals(self) -> dict[str, Histogram]:
        found = self.periods.values()
        return {one.name: pool([each.histograms[one.name] for each in found]) for one in self.bins}

    def to_dict(self) -> dict[str, Any]:
        """As JSON knows it."""
        found = {
            "format": FORMAT,
            "columns": [one.to_dict() for one in self.bins],
            "periods": {label: counted.to_dict() for label, counted in self.periods.items()},
            "importance": dict(self.importance),
            "scores": {**self.scores.to_dict(), "tally": self.score_histogram.to_dict()},
            "valid": self.valid.to_dict(),
            "calibration": self.calibration.to_dict(),
            "slices": [one.to_dict() for one in self.slices],
        }
        return dict(replace_non_finite(found))

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Read what `plain` gave.

        Raises
        ------
        LonghaulError
            When it is of another format.
        """
        if plain.get("format") != FORMAT:
            raise LonghaulError(
                f"reference: its format is {plain.get('format')!r}, but this code reads {FORMAT};"
                " use the version of Longhaul that wrote it, or train again"
            )
        scores = dict(plain["scores"])
        histogram = Histogram.from_dict(scores.pop("tally"))
        return cls(
            tuple(map(Bins.from_dict, plain["columns"])),
            {label: PeriodCounts.from_dict(one) for label, one in plain["periods"].items()},
            plain["importance"],
            Bins.from_dict(scores),
            (Scores if "cells" in plain["valid"] else RegressionStatistics).read(plain["valid"]),
            histogram,
            Calibration.from_dict(plain["calibration"]),
            tuple(map(Slicing.from_dict, plain["slices"])),
        )


def fit(
    frame: pd.DataFrame,
    sample: Sample,
    periods: np.ndarray,
    encoder: Encoder,
    bins: int,
    slices: Sequence[str] = (),
) -> dict[str, Any]:
    """What a reference knows of the rows that a model was fitted on.

    Parameters
    ----------
    frame : DataFrame of n rows
    sample : Sample of n rows
        The same rows, as `encoder` makes them.
    periods : ndarray of str, shape (n,)
        The label of each row's period.
    encoder : Encoder
        With p columns.
    bins : int
        How many quantile bins a number has, at most.
    slices : sequence of str
        Columns of `frame`.

    Returns
    -------
    dict
        The fields `bins`, `periods` and `slices` of a `Reference`.
    """
    found = tuple(
        _bins(frame, encoder, place, values, bins) for place, values in enumerate(sample.matrix.T)
    )
    labels = np.unique(np.asarray(periods, dtype=str)).tolist()
    rows = {label: periods == label for label in labels}
    return {
        "bins": found,
        "periods": {one: PeriodCounts.of(sketch_matrix(sample.matrix[rows[one]], found)) for one in labels},
        "slices": tuple(Slicing.fit(frame[name]) for name in slices),
    }


def fit_scores(
    target: Target, outcome: np.ndarray, columns: Mapping[str, Any], bins: int
) -> dict[str, Any]:
    """What a reference knows of predictions of rows that the model had not seen.

    Those of rows it was fitted on would be too sure.

    Parameters
    ----------
    target : Target
    outcome : ndarray, shape (m,)
    columns : mapping
        The m predictions, column by column.
    bins : int

    Returns
    -------
    dict
        The fields `scores`, `score_histogram`, `valid` and `calibration` of a `Reference`.
    """
    known = align(pd.DataFrame(index=range(len(outcome))), columns, outcome.astype(float), target)
    if known.code is None:
        spread = bins_of.of_number(SCORE, SCORE, known.probability, bins)
    else:
        spread = bins_of.of_category(Category(SCORE, target.classes), ())
    of_numbers = target.task_type == "regression"
    return {
        "scores": spread,
        "score_histogram": spread.histogram(known.predictions),
        "valid": RegressionStatistics.of(known.probability, known.outcome)
        if of_numbers
        else Scores.of(known.probability, known.decision, known.outcome),
        "calibration": Calibration()
        if of_numbers
        else Calibration.fit(known.outcome.astype(bool), known.probability),
    }


def _bins(frame: pd.DataFrame, encoder: Encoder, place: int, values: np.ndarray, bins: int) -> Bins:
    column = encoder.columns[encoder.sources[place]]
    if not isinstance(column, Category):
        return bins_of.of_number(encoder.names[place], column.name, values, bins)
    _, found = texts(frame[column.name])
    rare = sorted(set(found) - set(column.levels))
    return bins_of.of_category(column, tuple(rare[:MAX_RARE]))
