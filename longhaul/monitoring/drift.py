"""Which columns have moved away from the reference, by more than its own periods differ.

Each distance is judged by its own limit, see `longhaul.monitoring.thresholds`; of all columns
together, the false discovery rate is held (Benjamini and Hochberg 1995, Journal of the Royal
Statistical Society B 57).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control

from longhaul.monitoring import distances
from longhaul.monitoring.bins import Histogram
from longhaul.monitoring.period_counts import PeriodCounts
from longhaul.monitoring.reference import SCORE, Reference
from longhaul.monitoring.thresholds import MIN_PERIODS, DriftThresholds, Measure, Distance, chance

# The first of each kind is the one by which columns are ranked.
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
    """A column and its distances.

    Attributes
    ----------
    name, feature, kind : str
    importance : float
        Of the feature to the model, as a share of one.
    measures : tuple of Measure
    q : float
        The smallest false discovery rate at which it has drifted.
    drifted : bool
    """

    name: str
    feature: str
    kind: str
    importance: float
    measures: tuple[Measure, ...]
    q: float
    drifted: bool

    @property
    def distance(self) -> float:
        """From 0 to 1: how far its values moved, or how many more are missing or outside."""
        first, *_ = self.measures
        others = [one.value for one in self.measures if one.name in {"missing", "out_of_range"}]
        known = [value for value in (first.value, *others) if np.isfinite(value)]
        return max(known, default=0.0)

    @property
    def weight(self) -> float:
        """Distance times importance: what comes first in a ranking."""
        return self.distance * self.importance

    @property
    def cause(self) -> Measure:
        """The measure that speaks loudest: the least likely, and of those the farthest."""
        return min(self.measures, key=lambda one: (one.p, -_over(one)))


@dataclass(frozen=True)
class Drift:
    """What moved in one period.

    Attributes
    ----------
    columns : tuple of Column
        Those that drifted first, each group by falling weight.
    scores : Column
        The predictions; their limits are the customary ones, since validation is one period.
    volume, repeated : Column
        The number of rows, and the share of those that repeat another.
    periods : int
        Of the reference.
    learned : bool
        Whether limits come from the reference, or are customary.
    """

    columns: tuple[ColumnDrift, ...]
    scores: ColumnDrift
    volume: ColumnDrift
    repeated: ColumnDrift
    periods: int
    learned: bool

    @property
    def drifted(self) -> list[ColumnDrift]:
        """The columns that have drifted, those that matter most first."""
        return [one for one in self.columns if one.drifted]


def compare(reference: Reference, period: PeriodCounts, scores: Histogram, rate: float) -> Drift:
    """Hold one period against the reference.

    Parameters
    ----------
    reference : Reference
    period : Counted
        Of at least one row.
    scores : Tally
        Of the period's predictions, in the reference's bins.
    rate : float
        The false discovery rate to hold, such as 0.05.
    """
    periods = len(reference.periods)
    learned = periods >= MIN_PERIODS
    whole = [_volume(reference, period), _repeated(reference, period)]
    limits = DriftThresholds(periods, rate / (len(reference.bins) + len(whole)), learned)
    measures = [
        *(_measures(reference, period, one.name, one.kind, limits) for one in reference.bins),
        *((limits.judge(raw, 1),) for raw in whole),
    ]
    smallest = [min(min(1.0, len(each) * one.p) for one in each) for each in measures]
    adjusted = false_discovery_control(smallest).tolist()
    known = [
        (one.name, one.feature, one.kind, float(reference.importance.get(one.feature, 0.0)))
        for one in reference.bins
    ] + [(raw.name, raw.name, "rows", 0.0) for raw in whole]
    *columns, volume, repeated = (
        ColumnDrift(*each, found, q, q <= rate)
        for each, found, q in zip(known, measures, adjusted, strict=True)
    )
    ranked = sorted(columns, key=lambda one: (not one.drifted, -one.weight))
    of_scores = _scores(reference, scores)
    return Drift(tuple(ranked), of_scores, volume, repeated, periods, learned)


def _measures(
    reference: Reference, period: PeriodCounts, name: str, kind: str, limits: DriftThresholds
) -> tuple[Measure, ...]:
    now, whole = period.histograms[name], reference.pooled(name)
    others = [
        (reference.pooled(name, without=label), counted.histograms[name])
        for label, counted in reference.periods.items()
    ]
    return _judge(MEASURES[kind], whole, now, others, limits)


def _scores(reference: Reference, scores: Histogram) -> ColumnDrift:
    """The predictions against those on validation, by customary limits."""
    limits = DriftThresholds(1, 1.0, learned=False)
    kind = reference.scores.kind
    names = [name for name in MEASURES[kind] if name not in {"missing", "out_of_range"}]
    measures = _judge(names, reference.score_histogram, scores, [], limits)
    moved = any(one.p == 0 for one in measures)
    return ColumnDrift(SCORE, SCORE, kind, 1.0, measures, 0.0 if moved else 1.0, moved)


def _judge(
    names: Sequence[str],
    before: Histogram,
    now: Histogram,
    others: Sequence[tuple[Histogram, Histogram]],
    limits: DriftThresholds,
) -> tuple[Measure, ...]:
    """Some measures of a column, each judged by what it is between `others`."""
    found = []
    for name in names:
        distance = _DISTANCES[name]
        usual = np.array([distance(rest, one) for rest, one in others], dtype=float)
        known = usual[np.isfinite(usual)]
        raw = Distance(name, distance(before, now), known, chance(name, before, now))
        found.append(limits.judge(raw, len(names)))
    return tuple(found)


def _volume(reference: Reference, period: PeriodCounts) -> Distance:
    """The logarithm of the number of rows, against its mean over the reference's periods."""
    known = np.log([one.rows for one in reference.periods.values()])
    others = (known.sum() - known) / max(len(known) - 1, 1)
    apart = abs(np.log(max(period.rows, 1)) - known.mean())
    return Distance("volume", float(apart), np.abs(known - others), float(period.rows**-0.5))


def _repeated(reference: Reference, period: PeriodCounts) -> Distance:
    """The share of repeated rows, against its mean over the reference's periods."""
    known = np.array([one.repeated for one in reference.periods.values()])
    others = (known.sum() - known) / max(len(known) - 1, 1)
    apart = abs(period.repeated - known.mean())
    share = (known.mean() * len(known) + 1 / period.rows) / (len(known) + 1)
    chance = np.sqrt(share * (1 - share) / period.rows)
    return Distance("repeated", float(apart), np.abs(known - others), float(chance))


def _over(measure: Measure) -> float:
    """How many times its limit a measure is."""
    return measure.value / measure.limit if np.isfinite(measure.value) else 0.0
