"""Drift thresholds, learned from the distances between the reference's own periods.

Of a column with k periods in the reference, each period's distance from the others shows how far
one period commonly lies from the rest. If periods differ by normal effects, the distance of a new
one, divided by ``rms * sqrt(1 - 1 / k**2)``, is the absolute value of a t variate with k - 1
degrees of freedom: the prediction interval of one more observation (Hahn and Meeker 1991,
Statistical Intervals, chapter 4). Distances that gather several effects spread less than that, so
the test errs on the side of silence. The divisor is never less than what chance alone makes of so
few rows, and what is too small to matter never counts.

With fewer than `MIN_PERIODS` periods there is nothing to learn from, and `DEFAULT_THRESHOLDS` hold.
Distances below `MIN_EFFECT` never count as drift.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from longhaul.monitoring.bins import Histogram

MIN_PERIODS = 3
MIN_EFFECT = {
    "ks": 0.05,
    "wasserstein": 0.05,
    "psi": 0.05,
    "jensen_shannon": 0.05,
    "missing": 0.02,
    "out_of_range": 0.02,
    "volume": 0.1,
    "repeated": 0.02,
}
DEFAULT_THRESHOLDS = {
    "ks": 0.1,
    "wasserstein": 0.1,
    "psi": 0.2,
    "jensen_shannon": 0.1,
    "missing": 0.05,
    "out_of_range": 0.05,
    "volume": 0.5,
    "repeated": 0.05,
}
BOUNDED_BY_ONE = {"ks", "jensen_shannon", "missing", "out_of_range", "repeated"}
# The root mean square of each between two samples of one distribution, as a multiple of the square
# root of 1/n + 1/m: of the Kolmogorov distribution, of a standard normal mean, and of chi-square.
_KOLMOGOROV = np.pi / np.sqrt(12)


@dataclass(frozen=True)
class Measure:
    """Distance of one column from the reference, judged.

    Attributes
    ----------
    name : str
    value : float
        NaN where it cannot be computed: one of both sides has no values.
    reference_variation : float
        Root mean square of the distances of the reference's periods from each other; NaN where
        there are none.
    limit : float
        Beyond it the column has drifted, whatever the others do.
    p : float
        How likely such a distance is without drift; 0 or 1 where a default threshold decides.
    """

    name: str
    value: float
    reference_variation: float
    limit: float
    p: float


@dataclass(frozen=True)
class Distance:
    """Distance of a period from the reference, before it is judged.

    Attributes
    ----------
    name : str
    value : float
    between_periods : ndarray of float, shape (k,)
        The same distance of each of the reference's periods from the others.
    chance : float
        Its root mean square without any drift, from chance alone.
    """

    name: str
    value: float
    between_periods: np.ndarray
    chance: float


@dataclass(frozen=True)
class DriftThresholds:
    """Thresholds that distances are judged by: learned, or the default ones.

    Attributes
    ----------
    periods : int
        Of the reference.
    level : float
        The significance level at which one column alone has drifted.
    learned : bool
        Whether the reference has enough periods to learn from.
    """

    periods: int
    level: float
    learned: bool

    def judge(self, distance: Distance, measures: int) -> Measure:
        """Judge one of the distances of a column; `measures` is how many it has."""
        name, value, others = distance.name, distance.value, distance.between_periods
        variation = float(np.sqrt(np.mean(others**2))) if len(others) else float("nan")
        if not self.learned or not np.isfinite(variation):
            limit = max(DEFAULT_THRESHOLDS[name], 3 * distance.chance)
            return Measure(name, value, variation, limit, 0.0 if value > limit else 1.0)
        scale = max(variation * np.sqrt(1 - self.periods**-2), distance.chance)
        freedom = self.periods - 1
        limit = max(MIN_EFFECT[name], float(scale * t.isf(self.level / measures / 2, freedom)))
        limit = min(limit, 1.0) if name in BOUNDED_BY_ONE else limit
        matters = value > MIN_EFFECT[name]  # never true of NaN
        p = float(2 * t.sf(value / scale, freedom)) if matters else 1.0
        return Measure(name, value, variation, limit, p)


def chance(measure: str, before: Histogram, after: Histogram) -> float:
    """Compute a distance's root mean square between samples of these sizes without drift."""
    if measure in {"missing", "out_of_range"}:
        count = getattr(before, measure) + getattr(after, measure) + 1
        share = count / (before.rows + after.rows + 2)
        return _sampling_error(before.rows, after.rows) * float(np.sqrt(share * (1 - share)))
    error = _sampling_error(before.present, after.present)
    freedom = max(int(((before.counts + after.counts) > 0).sum()) - 1, 1)
    match measure:
        case "ks":
            return _KOLMOGOROV * error
        case "psi":
            return freedom * error**2
        case "jensen_shannon":
            return float(np.sqrt(freedom / (8 * np.log(2)))) * error
    return error


def _sampling_error(rows: int, other_rows: int) -> float:
    return float(np.sqrt(1 / max(rows, 1) + 1 / max(other_rows, 1)))
