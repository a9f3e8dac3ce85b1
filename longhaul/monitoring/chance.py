"""Distances that chance alone makes between two samples of rows of one population.

The limits hold for rows drawn independently of each other; that rows of one day or week are alike
is learned from the reference's periods instead, see `longhaul.monitoring.thresholds`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.special import kolmogi
from scipy.stats import binom, chi2, norm

from longhaul.monitoring.bins import Histogram

# Below so many expected rows of a level, chi-square is too narrow for the Jensen-Shannon divergence
# (Cochran 1954, Biometrics 10, gives 5 for counts): in simulations of 2 to 50 levels and 10 to
# 100,000 rows, by a factor of at most 1.4.
SPARSE_ROWS = 10
SPARSE_MARGIN = 1.4


class Chance(ABC):
    """Distribution of a distance between two samples of one population."""

    @property
    @abstractmethod
    def rms(self) -> float:
        """The root mean square of the distance."""

    @abstractmethod
    def limit(self, level: float) -> float:
        """Return what the distance exceeds with at most this probability."""


@dataclass(frozen=True)
class Normal(Chance):
    """Absolute value of a normal variate with mean 0.

    Attributes
    ----------
    error : float
        Its standard deviation.
    """

    error: float

    @property
    def rms(self) -> float:
        """See `Chance`."""
        return self.error

    def limit(self, level: float) -> float:
        """See `Chance`."""
        return self.error * float(norm.isf(level / 2))


@dataclass(frozen=True)
class Kolmogorov(Chance):
    """Kolmogorov's distribution (Smirnov 1939): of numbers in bins, the distance is no greater.

    Attributes
    ----------
    error : float
        The square root of 1/n + 1/m.
    """

    error: float

    @property
    def rms(self) -> float:
        """See `Chance`."""
        return float(np.pi / np.sqrt(12)) * self.error

    def limit(self, level: float) -> float:
        """See `Chance`."""
        return self.error * float(kolmogi(level))


@dataclass(frozen=True)
class Transport(Chance):
    """Distance of two means, in standard deviations.

    Its limit is Bernstein's inequality (Boucheron, Lugosi and Massart 2013, Concentration
    Inequalities, section 2.8), which holds for long tails too.

    Attributes
    ----------
    error : float
        The square root of 1/n + 1/m.
    reach : float
        How far the farthest value lies from the mean, in standard deviations.
    spread : float
        The standard deviation of both samples together, by that of the earlier one, in which the
        distance is measured: infinite where the earlier one has a single value.
    """

    error: float
    reach: float
    spread: float = 1.0

    @property
    def rms(self) -> float:
        """See `Chance`."""
        return self.error

    def limit(self, level: float) -> float:
        """See `Chance`."""
        decay = np.log(2 / level)
        deviations = self.error * np.sqrt(2 * decay) + self.reach * self.error**2 * decay / 3
        return float(deviations * self.spread)


@dataclass(frozen=True)
class ChiSquare(Chance):
    """Divergence of shares: a chi-square variate, or a root of it.

    Attributes
    ----------
    factor : float
        Of the chi-square variate.
    freedom : int
        Its degrees of freedom.
    root : bool
        Whether the distance is the square root of the divergence.
    margin : float
        Of the limit, where levels have few rows and the variate is chi-square only roughly.
    """

    factor: float
    freedom: int
    root: bool
    margin: float = 1.0

    @property
    def rms(self) -> float:
        """See `Chance`; of a divergence itself its mean, which is all but the same."""
        return self._distance(self.freedom)

    def limit(self, level: float) -> float:
        """See `Chance`."""
        return self._distance(self.margin * float(chi2.isf(level, self.freedom)))

    def _distance(self, variate: float) -> float:
        divergence = self.factor * variate
        return float(np.sqrt(divergence)) if self.root else divergence


@dataclass(frozen=True)
class Share(Chance):
    """Share of rows, or its difference from an earlier one: binomial, as few rows are not normal.

    Attributes
    ----------
    share : float
        Of both samples together.
    rows : int
        Of the later sample.
    others : int
        Rows of the earlier sample.
    difference : bool
        Whether the distance is the difference of both shares, not the later one.
    """

    share: float
    rows: int
    others: int
    difference: bool

    @property
    def rms(self) -> float:
        """See `Chance`."""
        error = _sampling_error(self.rows, self.others)
        return error * float(np.sqrt(self.share * (1 - self.share)))

    def limit(self, level: float) -> float:
        """See `Chance`; the later sample's limit, widened by what the earlier one leaves open."""
        rows = max(self.rows, 1)
        high, low = (tail(level / 2, rows, self.share) for tail in (binom.isf, binom.ppf))
        upper, lower = (high + 0.5) / rows, (low - 0.5) / rows  # between what rows can make
        widened = float(np.sqrt(1 + rows / max(self.others, 1)))
        reach = float(max(upper - self.share, self.share - lower)) * widened
        return reach if self.difference else self.share + reach


def chance(measure: str, before: Histogram, after: Histogram) -> Chance:
    """Return the distribution of a distance between samples of these sizes without drift.

    Parameters
    ----------
    measure : str
        The name of the distance, such as ``ks``.
    before, after : Histogram
        The samples; both together estimate what the limit depends on.
    """
    if measure in {"missing", "out_of_range"}:
        count = getattr(before, measure) + getattr(after, measure) + 1
        share = count / (before.rows + after.rows + 2)
        return Share(share, after.rows, before.rows, difference=measure == "missing")
    error = _sampling_error(before.present, after.present)
    freedom = max(int(((before.counts + after.counts) > 0).sum()) - 1, 1)
    match measure:
        case "ks":
            return Kolmogorov(error)
        case "psi":
            return ChiSquare(error**2, freedom, root=False)
        case "jensen_shannon":
            margin = SPARSE_MARGIN if _is_sparse(before, after) else 1.0
            return ChiSquare(error**2 / (8 * np.log(2)), freedom, root=True, margin=margin)
    (reach, spread), (_, earlier) = _reach(before + after), _reach(before)
    return Transport(error, reach, spread / earlier if earlier else float("inf"))


def _is_sparse(before: Histogram, after: Histogram) -> bool:
    """Return whether a level is to be expected in fewer rows than the approximation asks for."""
    counts = before.counts + after.counts
    rarest = counts[counts > 0].min(initial=max(int(counts.sum()), 1)) / max(counts.sum(), 1)
    return bool(rarest * min(before.present, after.present) < SPARSE_ROWS)


def _sampling_error(rows: int, other_rows: int) -> float:
    return float(np.sqrt(1 / max(rows, 1) + 1 / max(other_rows, 1)))


def _reach(histogram: Histogram) -> tuple[float, float]:
    """Return how far the farthest bin's mean lies from the mean in deviations, and one of these."""
    filled = histogram.counts > 0
    if not filled.any():
        return 0.0, 0.0
    counts = histogram.counts[filled]
    away = histogram.sums[filled] / counts - histogram.mean
    spread = float(np.sqrt(np.average(away**2, weights=counts)))
    return (float(np.abs(away).max() / spread), spread) if spread else (0.0, 0.0)
