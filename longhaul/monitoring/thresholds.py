"""Drift thresholds, learned from the distances between the reference's own periods.

Of a column with k periods in the reference, each period's distance from the others shows how far
one period commonly lies from the rest. If periods differ by normal effects, the distance of a new
one, divided by ``rms * sqrt(1 - 1 / k**2)``, is the absolute value of a t variate with k - 1
degrees of freedom: the prediction interval of one more observation (Hahn and Meeker 1991,
Statistical Intervals, chapter 4). Distances that gather several effects spread less than that, so
the test errs on the side of silence. The divisor is never less than what chance alone makes of so
few rows, see `longhaul.monitoring.chance`, and what is too small to matter never counts. A
divergence grows with the square of an effect, so that its root takes the distance's place. Shares
of values out of range are far from normal: such a share must also exceed the largest that a period
of the reference has beyond the range of the others.

With fewer than `MIN_PERIODS` periods there is nothing to learn from, and `DEFAULT_THRESHOLDS` hold,
unless chance alone exceeds them: then the limit is what chance exceeds with probability `level`.
Distances below `MIN_EFFECT` never count as drift.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from longhaul.monitoring.chance import Chance

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
SQUARED = {"psi"}  # a divergence, which grows with the square of an effect; its root is judged
BOUNDED_BY_ONE = {"ks", "jensen_shannon", "missing", "out_of_range", "repeated"}


@dataclass(frozen=True)
class Measure:
    """Distance of one column from the reference, judged.

    Attributes
    ----------
    name : str
    value : float
        NaN where it cannot be computed: one of both sides has no values.
    reference_variation : float
        Root mean square of the distances of the reference's periods from each other, of `SQUARED`
        ones their mean; NaN where there are none.
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
    chance : Chance
        Of the sampling of rows: its distribution without any drift.
    """

    name: str
    value: float
    between_periods: np.ndarray
    chance: Chance


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
        power = 2 if name in SQUARED else 1
        root = float(np.sqrt(np.mean(others ** (2 / power)))) if len(others) else float("nan")
        variation = root**power
        share = self.level / measures
        if not self.learned or not np.isfinite(variation):
            limit = max(DEFAULT_THRESHOLDS[name], distance.chance.limit(share))
            return Measure(name, value, variation, limit, 0.0 if value > limit else 1.0)
        scale = max(root * np.sqrt(1 - self.periods**-2), distance.chance.rms ** (1 / power))
        freedom = self.periods - 1
        least = max(MIN_EFFECT[name], float(others.max()) if name == "out_of_range" else 0.0)
        limit = max(least, float(scale * t.isf(share / 2, freedom)) ** power)
        limit = min(limit, 1.0) if name in BOUNDED_BY_ONE else limit
        matters = value > least  # never true of NaN
        p = float(2 * t.sf(value ** (1 / power) / scale, freedom)) if matters else 1.0
        return Measure(name, value, variation, limit, p)
