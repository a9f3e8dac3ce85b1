"""Which columns have moved away from the reference, by more than its own periods differ.

Of a column with k periods in the reference, each period's distance from the others shows how far
one period commonly lies from the rest. If periods differ by normal effects, the distance of a new
one, divided by ``rms * sqrt(1 - 1 / k**2)``, is the absolute value of a t variate with k - 1
degrees of freedom: the prediction interval of one more observation (Hahn and Meeker 1991,
Statistical Intervals, chapter 4). Distances that gather several effects spread less than that, so
the test errs on the side of silence. The divisor is never less than what chance alone makes of so
few rows, and what is too small to matter never counts. Of all columns together, the false
discovery rate is held (Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57).

With fewer than `MIN_PERIODS` periods there is nothing to learn from, and `CUSTOMARY` limits stand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control, t

from longhaul.monitoring import distances
from longhaul.monitoring.bins import Tally
from longhaul.monitoring.reference import SCORE, Reference
from longhaul.monitoring.sketch import Counted

MIN_PERIODS = 3
NEGLIGIBLE = {
    "ks": 0.05,
    "wasserstein": 0.05,
    "psi": 0.05,
    "jensen_shannon": 0.05,
    "missing": 0.02,
    "outside": 0.02,
    "volume": 0.1,
    "repeated": 0.02,
}
CUSTOMARY = {
    "ks": 0.1,
    "wasserstein": 0.1,
    "psi": 0.2,
    "jensen_shannon": 0.1,
    "missing": 0.05,
    "outside": 0.05,
    "volume": 0.5,
    "repeated": 0.05,
}
AT_MOST_ONE = {"ks", "jensen_shannon", "missing", "outside", "repeated"}
# The first of each kind is the one by which columns are ranked.
OF_KIND = {
    "number": ("ks", "wasserstein", "psi", "missing", "outside"),
    "category": ("jensen_shannon", "psi", "missing", "outside"),
}
_DISTANCES: Mapping[str, Callable[[Tally, Tally], float]] = {
    "ks": distances.kolmogorov_smirnov,
    "wasserstein": distances.wasserstein,
    "psi": distances.stability,
    "jensen_shannon": distances.jensen_shannon,
    "missing": distances.missing,
    "outside": distances.outside,
}
# The root mean square of each between two samples of one distribution, as a multiple of the square
# root of 1/n + 1/m: of the Kolmogorov distribution, of a standard normal mean, and of chi-square.
_KOLMOGOROV = np.pi / np.sqrt(12)


@dataclass(frozen=True)
class Measure:
    """One distance of one column.

    Attributes
    ----------
    name : str
    value : float
        NaN where it is not known: one of both sides has no values.
    usual : float
        How far a period of the reference commonly lies from the others; NaN where that is not
        known.
    limit : float
        Beyond it the column has drifted, whatever the others do.
    p : float
        How likely such a distance is without drift; 0 or 1 where a customary limit decides.
    """

    name: str
    value: float
    usual: float
    limit: float
    p: float


@dataclass(frozen=True)
class Column:
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
        others = [one.value for one in self.measures if one.name in {"missing", "outside"}]
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

    columns: tuple[Column, ...]
    scores: Column
    volume: Column
    repeated: Column
    periods: int
    learned: bool

    @property
    def drifted(self) -> list[Column]:
        """The columns that have drifted, those that matter most first."""
        return [one for one in self.columns if one.drifted]


def compare(reference: Reference, period: Counted, scores: Tally, rate: float) -> Drift:
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
    limits = _Limits(periods, rate / (len(reference.bins) + len(whole)), learned)
    found = {
        one.name: _column_measures(reference, period, one.name, one.kind, limits)
        for one in reference.bins
    }
    found |= {raw.name: (limits.judge(raw, 1),) for raw in whole}
    smallest = [min(min(1.0, len(each) * m.p) for m in each) for each in found.values()]
    adjusted = dict(zip(found, false_discovery_control(smallest), strict=True))
    columns = [
        Column(
            one.name,
            one.feature,
            one.kind,
            float(reference.importance.get(one.feature, 0.0)),
            found[one.name],
            float(adjusted[one.name]),
            bool(adjusted[one.name] <= rate),
        )
        for one in reference.bins
    ]
    volume, repeated = (
        Column(r.name, r.name, "rows", 0.0, found[r.name], q, bool(q <= rate))
        for r in whole
        for q in [float(adjusted[r.name])]
    )
    ranked = sorted(columns, key=lambda one: (not one.drifted, -one.weight))
    of_scores = _scores(reference, scores, period.rows)
    return Drift(tuple(ranked), of_scores, volume, repeated, periods, learned)


@dataclass(frozen=True)
class _Raw:
    """A distance, what the reference's own periods had of it, and what chance makes of it."""

    name: str
    value: float
    usual: np.ndarray
    chance: float


@dataclass(frozen=True)
class _Limits:
    """How distances are judged: learned from so many periods, or customary.

    The level is that at which one column alone is said to have drifted.
    """

    periods: int
    level: float
    learned: bool

    def judge(self, raw: _Raw, measures: int) -> Measure:
        """Judge one of so many measures of a column."""
        usual = float(np.sqrt(np.mean(raw.usual**2))) if len(raw.usual) else float("nan")
        if not self.learned or not np.isfinite(usual):
            limit = max(CUSTOMARY[raw.name], 3 * raw.chance)
            return Measure(raw.name, raw.value, usual, limit, 0.0 if raw.value > limit else 1.0)
        scale = max(usual * np.sqrt(1 - self.periods**-2), raw.chance)
        free = self.periods - 1
        limit = max(NEGLIGIBLE[raw.name], float(scale * t.isf(self.level / measures / 2, free)))
        limit = min(limit, 1.0) if raw.name in AT_MOST_ONE else limit
        telling = raw.value > NEGLIGIBLE[raw.name]  # NaN does not tell
        p = float(2 * t.sf(raw.value / scale, free)) if telling else 1.0
        return Measure(raw.name, raw.value, usual, limit, p)


def _column_measures(
    reference: Reference, period: Counted, name: str, kind: str, limits: _Limits
) -> tuple[Measure, ...]:
    now, whole = period.tallies[name], reference.pooled(name)
    others = [
        (reference.pooled(name, without=label), counted.tallies[name])
        for label, counted in reference.periods.items()
    ]
    measures = []
    for measure in OF_KIND[kind]:
        distance = _DISTANCES[measure]
        usual = np.array([distance(rest, one) for rest, one in others])
        raw = _Raw(
            measure,
            distance(whole, now),
            usual[np.isfinite(usual)],
            _chance(measure, whole, now),
        )
        measures.append(limits.judge(raw, len(OF_KIND[kind])))
    return tuple(measures)


def _scores(reference: Reference, scores: Tally, rows: int) -> Column:
    """The predictions against those on validation, by customary limits."""
    limits = _Limits(1, 1.0, learned=False)
    names = ("ks", "wasserstein", "psi")
    measures = tuple(
        limits.judge(
            _Raw(
                name,
                _DISTANCES[name](reference.score_tally, scores),
                np.array([]),
                _chance(name, reference.score_tally, scores),
            ),
            len(names),
        )
        for name in names
    )
    moved = any(one.p == 0 for one in measures)
    return Column(SCORE, SCORE, "number", 1.0, measures, 0.0 if moved else 1.0, moved)


def _volume(reference: Reference, period: Counted) -> _Raw:
    """The logarithm of the number of rows, against its mean over the reference's periods."""
    known = np.log([one.rows for one in reference.periods.values()])
    others = (known.sum() - known) / max(len(known) - 1, 1)
    apart = abs(np.log(max(period.rows, 1)) - known.mean())
    return _Raw("volume", float(apart), np.abs(known - others), float(period.rows**-0.5))


def _repeated(reference: Reference, period: Counted) -> _Raw:
    """The share of repeated rows, against its mean over the reference's periods."""
    known = np.array([one.repeated for one in reference.periods.values()])
    others = (known.sum() - known) / max(len(known) - 1, 1)
    apart = abs(period.repeated - known.mean())
    share = (known.mean() * len(known) + 1 / period.rows) / (len(known) + 1)
    chance = np.sqrt(share * (1 - share) / period.rows)
    return _Raw("repeated", float(apart), np.abs(known - others), float(chance))


def _chance(measure: str, one: Tally, other: Tally) -> float:
    """The root mean square that chance alone makes of a distance between so many rows."""
    if measure in {"missing", "outside"}:
        gone = getattr(one, measure) + getattr(other, measure) + 1
        share = gone / (one.rows + other.rows + 2)
        return _sampling(one.rows, other.rows) * float(np.sqrt(share * (1 - share)))
    both = _sampling(one.known, other.known)
    free = max(int(((one.counts + other.counts) > 0).sum()) - 1, 1)
    match measure:
        case "ks":
            return _KOLMOGOROV * both
        case "psi":
            return free * both**2
        case "jensen_shannon":
            return float(np.sqrt(free / (8 * np.log(2)))) * both
    return both


def _sampling(one: int, other: int) -> float:
    return float(np.sqrt(1 / max(one, 1) + 1 / max(other, 1)))


def _over(measure: Measure) -> float:
    """How many times its limit a measure is."""
    return measure.value / measure.limit if np.isfinite(measure.value) else 0.0
