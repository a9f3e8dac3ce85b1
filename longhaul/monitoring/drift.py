"""Drift of columns: distances from the reference beyond its own variation between periods.

Each distance is judged by its own threshold, see `longhaul.monitoring.thresholds`; over all columns
together, the false discovery rate is controlled (Benjamini and Hochberg 1995, Journal of the Royal
Statistical Society B 57).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control

from longhaul.monitoring import distances
from longhaul.monitoring.bins import Histogram
from longhaul.monitoring.chance import Normal, chance
from longhaul.monitoring.period_counts import PeriodCounts
from longhaul.monitoring.reference import SCORE, Reference
from longhaul.monitoring.thresholds import MIN_PERIODS, Distance, DriftThresholds, Measure

# By column type; columns are ranked by the first one.
MEASURES = {
    "number": ("ks", "wasserstein", "psi", "missing", "out_of_range"),
    "category": ("jensen_shannon", "psi", "missing", "out_of_range"),
}
_DISTANCES: Mapping[str, Callable[[Histogram, Histogram], float]] = {
    "ks": distances.kolmogorov_smirnov,
    "wasserstein": distances.wasserstein,
    "psi": distances.psi,
    "jensen_shannon": distances.jensen_shannon,
    "missing": distances.missing,
    "out_of_range": distances.out_of_range,
}


@dataclass(frozen=True)
class ColumnDrift:
    """Drift of one column.

    Attributes
    ----------
    name, feature, column_type : str
    importance : float
        Of the feature to the model, as a share of one.
    measures : tuple of Measure
    q : float
        The smallest false discovery rate at which it has drifted.
    drifted : bool
    """

    name: str
    feature: str
    column_type: str
    importance: float
    measures: tuple[Measure, ...]
    q: float
    drifted: bool

    @property
    def distance(self) -> float:
        """Distance of the values, or increase of missing or out-of-range ones: from 0 to 1."""
        first, *_ = self.measures
        increases = [m.value for m in self.measures if m.name in {"missing", "out_of_range"}]
        finite = [value for value in (first.value, *increases) if np.isfinite(value)]
        return max(finite, default=0.0)

    @property
    def weight(self) -> float:
        """Distance times importance, which columns are ranked by."""
        return self.distance * self.importance

    @property
    def cause(self) -> Measure:
        """The most telling measure: the least likely, then the one farthest beyond its limit."""
        return min(self.measures, key=lambda measure: (measure.p, -_excess_ratio(measure)))


@dataclass(frozen=True)
class Drift:
    """Drift of one period.

    Attributes
    ----------
    columns : tuple of ColumnDrift
        Those that drifted first, each group by descending weight.
    scores : ColumnDrift
        The predictions; judged by default thresholds, since validation is one period.
    volume, repeated : ColumnDrift
        The number of rows, and the share of those that repeat another.
    periods : int
        Of the reference.
    learned : bool
        Whether thresholds are learned from the reference, or the default ones.
    """

    columns: tuple[ColumnDrift, ...]
    scores: ColumnDrift
    volume: ColumnDrift
    repeated: ColumnDrift
    periods: int
    learned: bool

    @property
    def drifted(self) -> list[ColumnDrift]:
        """Columns that have drifted, those that matter most first."""
        return [column for column in self.columns if column.drifted]


def compare(reference: Reference, period: PeriodCounts, scores: Histogram, rate: float) -> Drift:
    """Compare a period with the reference.

    Parameters
    ----------
    reference : Reference
    period : PeriodCounts
        Of at least one row.
    scores : Histogram
        Of the period's predictions, in the reference's bins.
    rate : float
        The false discovery rate to control, such as 0.05.
    """
    periods = len(reference.periods)
    learned = periods >= MIN_PERIODS
    of_rows = [_volume(reference, period), _repeated(reference, period)]
    level = rate / (len(reference.bins) + len(of_rows))
    thresholds = DriftThresholds(periods, level, learned)
    measures = [
        *(_measure(reference, period, b.name, b.column_type, thresholds) for b in reference.bins),
        *((thresholds.judge(distance, 1),) for distance in of_rows),
    ]
    smallest = [min(min(1.0, len(judged) * m.p) for m in judged) for judged in measures]
    adjusted = false_discovery_control(smallest).tolist()
    names = [
        (b.name, b.feature, b.column_type, float(reference.importance.get(b.feature, 0.0)))
        for b in reference.bins
    ] + [(distance.name, distance.name, "rows", 0.0) for distance in of_rows]
    *columns, volume, repeated = (
        ColumnDrift(*fields, judged, q, q <= rate)
        for fields, judged, q in zip(names, measures, adjusted, strict=True)
    )
    ranked = sorted(columns, key=lambda column: (not column.drifted, -column.weight))
    score_drift = _compare_scores(reference, scores)
    return Drift(tuple(ranked), score_drift, volume, repeated, periods, learned)


def _measure(
    reference: Reference,
    period: PeriodCounts,
    name: str,
    column_type: str,
    thresholds: DriftThresholds,
) -> tuple[Measure, ...]:
    before, after = reference.pooled(name), period.histograms[name]
    between_periods = [
        (reference.pooled(name, without=label), counts.histograms[name])
        for label, counts in reference.periods.items()
    ]
    return _judge(MEASURES[column_type], before, after, between_periods, thresholds)


def _compare_scores(reference: Reference, scores: Histogram) -> ColumnDrift:
    """Compare the predictions with those on validation, by default thresholds."""
    thresholds = DriftThresholds(1, 1.0, learned=False)
    column_type = reference.scores.column_type
    names = [name for name in MEASURES[column_type] if name not in {"missing", "out_of_range"}]
    measures = _judge(names, reference.score_histogram, scores, [], thresholds)
    drifted = any(measure.p == 0 for measure in measures)
    q = 0.0 if drifted else 1.0
    return ColumnDrift(SCORE, SCORE, column_type, 1.0, measures, q, drifted)


def _judge(
    names: Sequence[str],
    before: Histogram,
    after: Histogram,
    between_periods: Sequence[tuple[Histogram, Histogram]],
    thresholds: DriftThresholds,
) -> tuple[Measure, ...]:
    """Judge measures of a column by their values between the reference's periods."""
    judged = []
    for name in names:
        measure = _DISTANCES[name]
        variation = np.array([measure(rest, part) for rest, part in between_periods], dtype=float)
        finite = variation[np.isfinite(variation)]
        distance = Distance(name, measure(before, after), finite, chance(name, before, after))
        judged.append(thresholds.judge(distance, len(names)))
    return tuple(judged)


def _volume(reference: Reference, period: PeriodCounts) -> Distance:
    """Compare the logarithm of the number of rows with its mean over the reference's periods."""
    logs = np.log([counts.rows for counts in reference.periods.values()])
    means_of_rest = (logs.sum() - logs) / max(len(logs) - 1, 1)
    distance = abs(np.log(max(period.rows, 1)) - logs.mean())
    variation = np.abs(logs - means_of_rest)
    return Distance("volume", float(distance), variation, Normal(period.rows**-0.5))


def _repeated(reference: Reference, period: PeriodCounts) -> Distance:
    """Compare the share of repeated rows with its mean over the reference's periods."""
    shares = np.array([counts.repeated for counts in reference.periods.values()])
    means_of_rest = (shares.sum() - shares) / max(len(shares) - 1, 1)
    distance = abs(period.repeated - shares.mean())
    share = (shares.mean() * len(shares) + 1 / period.rows) / (len(shares) + 1)
    error = np.sqrt(share * (1 - share) / period.rows)
    variation = np.abs(shares - means_of_rest)
    return Distance("repeated", float(distance), variation, Normal(float(error)))


def _excess_ratio(measure: Measure) -> float:
    """Return a measure as a multiple of its limit."""
    return measure.value / measure.limit if np.isfinite(measure.value) else 0.0
