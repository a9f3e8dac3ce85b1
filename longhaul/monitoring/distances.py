"""How far two samples of one column lie apart, from what was counted of them.

Each is zero for equal counts, and NaN where one side has no values.
"""

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from longhaul.monitoring.bins import Histogram

_PSEUDOCOUNT = 0.5  # of a bin, so that an empty one has a logarithm (Jeffreys 1946)


def kolmogorov_smirnov(one: Histogram, other: Histogram) -> float:
    """The greatest distance between both distribution functions, at the edges of the bins.

    That of the binned values exactly, and of the values themselves at most the largest bin's
    share less (Kolmogorov 1933; Smirnov 1939).

    Returns
    -------
    float
        From 0 to 1.
    """
    if not (one.present and other.present):
        return float("nan")
    apart = np.cumsum(one.counts) / one.present - np.cumsum(other.counts) / other.present
    return float(np.abs(apart).max())


def wasserstein(one: Histogram, other: Histogram) -> float:
    """The mean distance that values must move to turn one sample into the other.

    The 1-Wasserstein distance (Villani 2009, Optimal Transport, chapter 6) of the samples with
    every value at its bin's mean, in standard deviations of `one`. Since means are kept, it is
    never less than the distance between both means; values moved within a bin do not count.

    Returns
    -------
    float
        From 0 on; infinite where `one` is a single value and `other` is not.
    """
    if not (one.present and other.present):
        return float("nan")
    (here, share), (there, others) = _means(one), _means(other)
    apart = float(wasserstein_distance(here, there, share, others))
    spread = float(np.sqrt(np.average((here - one.mean) ** 2, weights=share)))
    if apart <= 1e-9 * max(spread, abs(one.mean)):  # rounding
        return 0.0
    return apart / spread if spread else float("inf")


def psi(one: Histogram, other: Histogram) -> float:
    """The population stability index: Jeffreys' divergence between the shares of the bins.

    Half a row is added to each bin. Customary readings are: below 0.1 stable, above 0.25 moved
    (Siddiqi 2006, Credit Risk Scorecards).

    Returns
    -------
    float
        From 0 on, in nats.
    """
    if not (one.present and other.present):
        return float("nan")
    here, there = one.counts + _PSEUDOCOUNT, other.counts + _PSEUDOCOUNT
    here, there = here / here.sum(), there / there.sum()
    return float(((there - here) * np.log(there / here)).sum())


def jensen_shannon(one: Histogram, other: Histogram) -> float:
    """The square root of the Jensen-Shannon divergence of the shares of the levels, in bits.

    A metric (Endres and Schindelin 2003, IEEE Transactions on Information Theory 49).

    Returns
    -------
    float
        From 0 to 1.
    """
    if not (one.present and other.present):
        return float("nan")
    return float(jensenshannon(one.counts, other.counts, base=2))


def missing(one: Histogram, other: Histogram) -> float:
    """By how much the shares of missing values differ: from 0 to 1."""
    return _apart(one.missing, one.rows, other.missing, other.rows)


def out_of_range(one: Histogram, other: Histogram) -> float:
    """By how much more of `other` is beyond the range, or in categories that are new."""
    if not (one.present and other.present):
        return float("nan")
    return max(0.0, other.out_of_range / other.present - one.out_of_range / one.present)


def _apart(one: int, rows: int, other: int, others: int) -> float:
    return abs(one / rows - other / others) if rows and others else float("nan")


def _means(histogram: Histogram) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each bin that has values, and how many it has."""
    filled = histogram.counts > 0
    return histogram.sums[filled] / histogram.counts[filled], histogram.counts[filled]
