"""Reference that later periods are compared with, so that monitoring needs no training data.

It is fixed when the model is fitted, and describes the encoded columns, as the model sees them.
Each period is counted by itself, so that drift can be compared with the variation between the
reference's own periods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd

from longhaul.errors import LonghaulError
from longhaul.estimators.sample import Sample
from longhaul.evaluation.calibration import Calibration
from longhaul.features.columns import Category
from longhaul.features.encoder import Encoder
from longhaul.features.formats import texts
from longhaul.json_values import replace_non_finite
from longhaul.monitoring import bins as bins_of
from longhaul.monitoring import ranges
from longhaul.monitoring.batches import ScoredColumns, score_columns
from longhaul.monitoring.bins import Bins, Histogram
from longhaul.monitoring.class_statistics import ClassStatistics
from longhaul.monitoring.loss_model import LossModel
from longhaul.monitoring.period_counts import PeriodCounts, pool, sketch_matrix
from longhaul.monitoring.regression_statistics import RegressionStatistics
from longhaul.monitoring.scored import Scored, restore
from longhaul.monitoring.scores import Scores
from longhaul.monitoring.slices import Slicing
from longhaul.problem import Target

FORMAT = 3
FORMER_FORMAT = 2  # without the ranges of periods, and scores by period
MAX_RARE = 10_000  # categories without a code that are kept by name
SCORE = "prediction"


@dataclass(frozen=True)
class Reference:
    """Counts of the rows that a model was fitted on, and of its predictions on validation.

    Attributes
    ----------
    bins : tuple of Bins
        Of the p encoded columns.
    periods : mapping of str to PeriodCounts
        By the label of the period.
    importance : mapping of str to float
        Of each feature of the table, as shares of one.
    scores : Bins
        Of the predictions on validation.
    valid : Scores, ClassStatistics or RegressionStatistics
        Those predictions with their outcomes.
    calibration : Calibration
        Fitted on them; the identity for numbers.
    slices : tuple of Slicing
    score_periods : mapping of str to Histogram
        Predictions by the label of the period, each by a model that was not fitted on it; empty
        in references of earlier releases.
    loss_model : LossModel or None
        Of the errors of predicted numbers; None for classes, and in old references.
    """

    bins: tuple[Bins, ...]
    periods: Mapping[str, PeriodCounts]
    importance: Mapping[str, float]
    scores: Bins
    valid: Scored
    score_histogram: Histogram
    calibration: Calibration
    slices: tuple[Slicing, ...]
    score_periods: Mapping[str, Histogram] = field(default_factory=dict)
    loss_model: LossModel | None = None

    def expected_losses(self, matrix: np.ndarray, prediction: np.ndarray) -> np.ndarray | None:
        """Return the squared and absolute error to be expected of rows: float of shape (n, 2).

        Parameters
        ----------
        matrix : ndarray of float32, shape (n, p)
            The encoded rows.
        prediction : ndarray of float, shape (n,)

        Returns
        -------
        ndarray or None
            In the reference's unit; None where there is no model of them.
        """
        valid = self.valid
        if self.loss_model is None or not isinstance(valid, RegressionStatistics):
            return None
        return self.loss_model.predict(matrix, (prediction - valid.center) / valid.scale)

    def pooled(self, column: str, without: str = "") -> Histogram:
        """Return a column's histogram over all periods, or all but one."""
        total = self._totals[column]
        return total - self.periods[without].histograms[column] if without else total

    @cached_property
    def _totals(self) -> dict[str, Histogram]:
        periods = self.periods.values()
        names = [bins.name for bins in self.bins]
        return {name: pool([counts.histograms[name] for counts in periods]) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        record = {
            "format": FORMAT,
            "columns": [bins.to_dict() for bins in self.bins],
            "periods": {label: counts.to_dict() for label, counts in self.periods.items()},
            "importance": dict(self.importance),
            "scores": {**self.scores.to_dict(), "tally": self.score_histogram.to_dict()},
            "valid": self.valid.to_dict(),
            "calibration": self.calibration.to_dict(),
            "slices": [slicing.to_dict() for slicing in self.slices],
            "score_periods": {
                label: histogram.to_dict() for label, histogram in self.score_periods.items()
            },
            "loss_model": self.loss_model and self.loss_model.to_dict(),
        }
        return dict(replace_non_finite(record))

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore a reference from `to_dict`.

        Raises
        ------
        LonghaulError
            When it has another format.
        """
        if record.get("format") not in {FORMAT, FORMER_FORMAT}:
            raise LonghaulError(
                f"reference: its format is {record.get('format')!r}, but this code reads"
                f" {FORMER_FORMAT} and {FORMAT}; use the version of Longhaul that wrote it, or"
                " train again"
            )
        scores = dict(record["scores"])
        score_histogram = Histogram.from_dict(scores.pop("tally"))
        return cls(
            tuple(map(Bins.from_dict, record["columns"])),
            {label: PeriodCounts.from_dict(counts) for label, counts in record["periods"].items()},
            record["importance"],
            Bins.from_dict(scores),
            restore(record["valid"]),
            score_histogram,
            Calibration.from_dict(record["calibration"]),
            tuple(map(Slicing.from_dict, record["slices"])),
            {
                label: Histogram.from_dict(histogram)
                for label, histogram in record.get("score_periods", {}).items()
            },
            LossModel.from_dict(record.get("loss_model")),
        )


def fit(
    frame: pd.DataFrame,
    sample: Sample,
    periods: np.ndarray,
    encoder: Encoder,
    bins: int,
    slices: Sequence[str] = (),
    days: np.ndarray | None = None,
) -> dict[str, Any]:
    """Count the rows that a model was fitted on.

    Parameters
    ----------
    frame : DataFrame of n rows
    sample : Sample of n rows
        The same rows, encoded by `encoder`.
    periods : ndarray of str, shape (n,)
        The label of each row's period.
    encoder : Encoder
        With p columns.
    bins : int
        The greatest number of quantile bins of a numeric column.
    slices : sequence of str
        Columns of `frame`.
    days : ndarray of str, shape (n,), optional
        The day of each row, where a column orders them.

    Returns
    -------
    dict
        The fields `bins`, `periods` and `slices` of a `Reference`. What is out of range in a period
        is out of the range of all other periods, see `longhaul.monitoring.ranges`: that is what a
        new period is compared with.
    """
    labels = np.unique(np.asarray(periods, dtype=str)).tolist()
    rows = {label: periods == label for label in labels}
    column_bins = tuple(
        _widened(_bins(frame, encoder, place, values, bins), values, list(rows.values()))
        for place, values in enumerate(sample.matrix.T)
    )
    return {
        "bins": column_bins,
        "periods": _count_periods(frame, sample.matrix, rows, column_bins, days),
        "slices": tuple(Slicing.fit(frame[name]) for name in slices),
    }


def fit_scores(
    target: Target,
    outcome: np.ndarray,
    columns: Mapping[str, Any],
    bins: int,
    clusters: np.ndarray | None = None,
    matrix: np.ndarray | None = None,
    encoder: Encoder | None = None,
    seed: int = 0,
    by_period: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Count predictions of rows that the model had not seen, and fit what estimates need.

    Predictions of rows it was fitted on would be overconfident.

    Parameters
    ----------
    target : Target
    outcome : ndarray, shape (m,)
    columns : mapping
        The m predictions, column by column.
    bins : int
    clusters : ndarray of str, shape (m,), optional
        See `longhaul.data.clusters`; without them, rows are taken as independent.
    matrix : ndarray of float32, shape (m, p), optional
        The rows, as `encoder` encodes them; without it, errors of numbers are not learned.
    encoder : Encoder, optional
        Of the model that will be deployed.
    seed : int
        Of the model of errors.
    by_period : mapping of str to mapping, optional
        Predictions of periods, column by column, each by a model that was not fitted on it.

    Returns
    -------
    dict
        The fields `scores`, `score_histogram`, `score_periods`, `valid`, `calibration` and
        `loss_model` of a `Reference`.
    """
    scored = score_columns(columns, outcome.astype(float), target)
    if scored.code is None:
        score_bins = bins_of.of_number(SCORE, SCORE, scored.probability, bins)
    else:
        score_bins = bins_of.of_category(Category(SCORE, target.classes), ())
    fields = {
        "scores": score_bins,
        "score_histogram": score_bins.histogram(scored.predictions),
        "score_periods": {
            label: score_bins.histogram(_predictions(target, predicted))
            for label, predicted in (by_period or {}).items()
        },
    }
    if target.task_type == "regression":
        categorical = encoder.categorical if encoder else ()
        return {**fields, **_fit_errors(scored, matrix, tuple(categorical), seed)}
    calibration = Calibration.fit(scored.outcome.astype(bool), scored.probability, clusters)
    return {**fields, "valid": _of_classes(scored), "calibration": calibration}


def _of_classes(scored: ScoredColumns) -> Scores | ClassStatistics:
    """Count predictions of two classes, or of several."""
    if scored.probabilities is None or scored.code is None or scored.label is None:
        return Scores.of(scored.probability, scored.decision, scored.outcome)
    return ClassStatistics.of(scored.probabilities, scored.code, scored.label)


def _fit_errors(
    scored: ScoredColumns, matrix: np.ndarray | None, categorical: tuple[int, ...], seed: int
) -> dict[str, Any]:
    """Sum up predicted numbers, and learn how far they are off."""
    prediction, outcome = scored.probability, scored.outcome
    unit = RegressionStatistics.in_unit_of(outcome)
    model, losses = None, None
    if matrix is not None:
        predicted = (prediction - unit.center) / unit.scale
        error = (prediction - outcome) / unit.scale
        model = LossModel.fit(matrix, predicted, error, categorical, seed)
        losses = None if model is None else model.predict(matrix, predicted)
    valid = unit.summarize(prediction, outcome, losses)
    return {"valid": valid, "calibration": Calibration(), "loss_model": model}


def _predictions(target: Target, columns: Mapping[str, Any]) -> np.ndarray:
    """Return the values that a histogram of predictions counts; their outcomes do not matter."""
    count = len(next(iter(columns.values())))
    return score_columns(columns, np.full(count, np.nan), target).predictions


def _count_periods(
    frame: pd.DataFrame,
    matrix: np.ndarray,
    rows: Mapping[str, np.ndarray],
    bins: Sequence[Bins],
    days: np.ndarray | None,
) -> dict[str, PeriodCounts]:
    """Count each period's rows, and those out of the range of all other periods."""
    outside = {
        column.name: ranges.count_out_of_range_of_others(
            frame[column.feature].where(~np.isnan(values))
            if column.column_type == "category"
            else values,
            list(rows.values()),
        )
        for column, values in zip(bins, matrix.T, strict=True)
    }
    counted = {}
    for place, (label, chosen) in enumerate(rows.items()):
        sketch = sketch_matrix(matrix[chosen], bins)
        histograms = {
            name: replace(histogram, out_of_range=int(outside[name][place]))
            for name, histogram in sketch.histograms.items()
        }
        covered = 0 if days is None else len(np.unique(days[chosen]))
        counted[label] = PeriodCounts.of(replace(sketch, histograms=histograms), covered)
    return counted


def _widened(bins: Bins, values: np.ndarray, rows: Sequence[np.ndarray]) -> Bins:
    """Return a number's bins with the range that a new period may reach."""
    span = ranges.widen(values, rows) if bins.column_type == "number" else None
    return bins if span is None else replace(bins, lowest=span[0], highest=span[1])


def _bins(frame: pd.DataFrame, encoder: Encoder, place: int, values: np.ndarray, bins: int) -> Bins:
    column = encoder.columns[encoder.sources[place]]
    if not isinstance(column, Category):
        return bins_of.of_number(encoder.names[place], column.name, values, bins)
    _, categories = texts(frame[column.name])
    rare = sorted(set(categories) - set(column.levels))
    return bins_of.of_category(column, tuple(rare[:MAX_RARE]))
