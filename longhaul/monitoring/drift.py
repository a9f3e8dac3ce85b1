"""Drift of columns: distances from the reference beyond its own variation between periods.

Each distance is judged by its own threshold, see `longhaul.monitoring.thresholds`; over all columns
together, the false discovery rate is controlled (Benjamini and Hochberg 1995, Journal of the Royal
Statistical Society B 57).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import false_discovery_control

from longhaul.monitoring import distances
from longhaul.monitoring.bins import Bins, Histogram
from longhaul.monitoring.chance import Normal, chance
from longhaul.monitoring.comparability import explain_incomparable, explain_partial
from longhaul.monitoring.period_counts import PeriodCounts, pool
from longhaul.monitoring.reference import SCORE, Reference
from longhaul.monitoring.thresholds import (
    MIN_EFFECT,
    MIN_PERIODS,
    Distance,
    DriftThresholds,
    Measure,
)
from longhaul.monitoring.trend import follows_trend

EMPTIED_BY_CHANCE = 0.001  # how likely it may be that all rows of a sound column lack a value

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
    empty : bool
        Whether no row has a value, though each of the reference's periods had.
    trend : bool
        Whether its mean lies where the trend of the reference leads: its values are no drift then.
    """

    name: str
    feature: str
    column_type: str
    importance: float
    measures: tuple[Measure, ...]
    q: float
    drifted: bool
    empty: bool = False
    trend: bool = False

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
        The predictions, held against those that the reference has by period.
    volume, repeated : ColumnDrift
        The number of rows, and the share of those that repeat another.
    periods : int
        Of the reference.
    learned : bool
        Whether thresholds are learned from the reference, or the default ones.
    score_periods : int
        Of predictions in the reference; with fewer than `MIN_PERIODS`, default thresholds hold.
    incomparable : str
        Why nothing of this period is called drift; empty where it can be compared.
    partial : str
        Why nothing but its number of rows is: it has rows on fewer days than the reference's.
    """

    columns: tuple[ColumnDrift, ...]
    scores: ColumnDrift
    volume: ColumnDrift
    repeated: ColumnDrift
    periods: int
    learned: bool
    score_periods: int = 0
    incomparable: str = ""
    partial: str = ""

    @property
    def drifted(self) -> list[ColumnDrift]:
        """Columns that have drifted, those that matter most first."""
        return [column for column in self.columns if column.drifted]


def compare(
    reference: Reference, period: PeriodCounts, scores: Histogram, rate: float, label: str = ""
) -> Drift:
    """Compare a period with the reference.

    Parameters
    ----------
    reference : Reference
    period : PeriodCounts
        Of at least one row.
    scores : Histogram
        Of the period's predictions, in the reference's bins.
    rate : float
        The false discovery rate to control, such as 0.05: of the columns with the number of rows
        and repeated ones, and of the predictions for themselves.
    label : str
        Of the period, which tells whether it can be compared, and where a trend leads; without it,
        neither is looked at.
    """
    periods = len(reference.periods)
    learned = periods >= MIN_PERIODS
    incomparable = explain_incomparable(reference.periods, label)
    covered = {name: counts.days for name, counts in reference.periods.items()}
    partial = "" if incomparable else explain_partial(covered, label, period.days)
    of_rows = [_volume(reference, period), _repeated(reference, period)]
    level = rate / (len(reference.bins) + len(of_rows))
    thresholds = DriftThresholds(periods, level, learned)
    trends = {b.name for b in reference.bins if _follows_trend(reference, period, b, label)}
    measures = [
        *(_measure(reference, period, b, thresholds, b.name in trends) for b in reference.bins),
        *((thresholds.judge(distance, 1),) for distance in of_rows),
    ]
    adjusted = false_discovery_control([_smallest(judged) for judged in measures]).tolist()
    names = [
        (b.name, b.feature, b.column_type, float(reference.importance.get(b.feature, 0.0)))
        for b in reference.bins
    ] + [(distance.name, distance.name, "rows", 0.0) for distance in of_rows]
    *columns, volume, repeated = (
        ColumnDrift(*fields, judged, q, q <= rate and not incomparable and not partial)
        for fields, judged, q in zip(names, measures, adjusted, strict=True)
    )
    described = [
        replace(
            column,
            empty=_is_emptied(reference, period.histograms[column.name], column),
            trend=column.name in trends,
        )
        for column in columns
    ]
    ranked = sorted(described, key=lambda column: (not column.drifted, -column.weight))
    score_drift = _compare_scores(reference, scores, rate)
    if incomparable or partial:
        score_drift = replace(score_drift, drifted=False)
    if partial:  # rows that have not come are no less missing
        volume = replace(volume, drifted=volume.q <= rate)
    return Drift(
        tuple(ranked),
        score_drift,
        volume,
        repeated,
        periods,
        learned,
        len(reference.score_periods),
        incomparable,
        partial,
    )


def _smallest(judged: Sequence[Measure]) -> float:
    """Return the smallest p of a column, as one of several (Bonferroni)."""
    return min(min(1.0, len(judged) * measure.p) for measure in judged)


def _measure(
    reference: Reference,
    period: PeriodCounts,
    bins: Bins,
    thresholds: DriftThresholds,
    trend: bool,
) -> tuple[Measure, ...]:
    """Judge a column; values that follow its trend are as likely as any."""
    name = bins.name
    before, after = reference.pooled(name), period.histograms[name]
    between_periods = [
        (reference.pooled(name, without=label), counts.histograms[name])
        for label, counts in reference.periods.items()
    ]
    measures = _judge(MEASURES[bins.column_type], before, after, between_periods, thresholds)
    if not trend:
        return measures
    return tuple(m if m.name == "missing" else replace(m, p=1.0) for m in measures)


def _follows_trend(reference: Reference, period: PeriodCounts, bins: Bins, label: str) -> bool:
    if bins.column_type != "number" or not label:
        return False
    means = [counts.histograms[bins.name].mean for counts in reference.periods.values()]
    mean = period.histograms[bins.name].mean
    return follows_trend(list(reference.periods), means, label, mean)


def _is_emptied(reference: Reference, after: Histogram, column: ColumnDrift) -> bool:
    """Return whether a column has lost all values, and that neither by chance nor as before."""
    (missing,) = (measure for measure in column.measures if measure.name == "missing")
    past = [counts.histograms[column.name] for counts in reference.periods.values()]
    before = reference.pooled(column.name)
    by_chance = (before.missing / max(before.rows, 1)) ** after.rows
    return (
        after.missing == after.rows
        and missing.value > MIN_EFFECT["missing"]
        and by_chance < EMPTIED_BY_CHANCE
        and all(histogram.present for histogram in past)
    )


def _compare_scores(reference: Reference, scores: Histogram, rate: float) -> ColumnDrift:
    """Compare the predictions with the reference's, by period or else of validation alone."""
    by_period = list(reference.score_periods.values())
    learned = len(by_period) >= MIN_PERIODS
    before = pool(by_period) if learned else reference.score_histogram
    between_periods = [(before - part, part) for part in by_period] if learned else []
    thresholds = DriftThresholds(len(by_period), rate, learned)
    column_type = reference.scores.column_type
    names = [name for name in MEASURES[column_type] if name not in {"missing", "out_of_range"}]
    measures = _judge(names, before, scores, between_periods, thresholds)
    q = _smallest(measures)
    return ColumnDrift(SCORE, SCORE, column_type, 1.0, measures, q, q <= rate)


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
