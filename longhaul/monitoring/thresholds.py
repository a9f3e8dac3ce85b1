"""How far is too far: limits learned from how far the reference's own periods lie apart.

Of a column with k periods in the reference, each period's distance from the others shows how far
one period commonly lies from the rest. If periods differ by normal effects, the distance of a new
one, divided by ``rms * sqrt(1 - 1 / k**2)``, is the absolute value of a t variate with k - 1
degrees of freedom: the prediction interval of one more observation (Hahn and Meeker 1991,
Statistical Intervals, chapter 4). Distances that gather several effects spread less than that, so
the test errs on the side of silence. The divisor is never less than what chance alone makes of so
few rows, and what is too small to matter never counts.

With fewer than `MIN_PERIODS` periods there is nothing to learn from, and `CUSTOMARY` limits stand.
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
class Distance:
    """A distance, what the reference's own periods had of it, and what chance makes of it."""

    name: str
    value: float
    usual: np.ndarray
    chance: float


@dataclass(frozen=True)
class DriftThresholds:
    """How distances are judged: learned from so many periods, or customary.

    The level is that at which one column alone is said to have drifted.
    """

    periods: int
    level: float
    learned: bool

    def judge(self, raw: Distance, measures: int) -> Measure:
        """Judge one of so many measures of a column."""
        usual = float(np.sqrt(np.mean(raw.usual**2))) if len(raw.usual) else float("nan")
        if not self.learned or not np.isfinite(usual):
            limit = max(DEFAULT_THRESHOLDS[raw.name], 3 * raw.chance)
            return Measure(raw.name, raw.value, usual, limit, 0.0 if raw.value > limit else 1.0)
        scale = max(usual * np.sqrt(1 - self.periods**-2), raw.chance)
        free = self.periods - 1
        limit = max(MIN_EFFECT[raw.name], float(scale * t.isf(self.level / measures / 2, free)))
        limit = min(limit, 1.0) if raw.name in BOUNDED_BY_ONE else limit
        telling = raw.value > MIN_EFFECT[raw.name]  # NaN does not tell
        p = float(2 * t.sf(raw.value / scale, free)) if telling else 1.0
        return Measure(raw.name, raw.value, usual, limit, p)


def chance(measure: str, one: Histogram, other: Histogram) -> float:
    """The root mean square that chance alone makes of a distance between so many rows."""
    if measure in {"missing", "out_of_range"}:
        gone = getattr(one, measure) + getattr(other, measure) + 1
        share = gone / (one.rows + other.rows + 2)
        return _sampling(one.rows, other.rows) * float(np.sqrt(share * (1 - share)))
    both = _sampling(one.present, other.present)
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
