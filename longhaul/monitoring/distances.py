"""Distances between two samples of one column, computed from their histograms.

Each is zero for equal counts, and NaN where one side has no values.
"""

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from longhaul.monitoring.bins import Histogram

_PSEUDOCOUNT = 0.5  # of a bin, so that an empty one has a logarithm (Jeffreys 1946)


def kolmogorov_smirnov(before: Histogram, after: Histogram) -> float:
    """Compute the greatest distance between both distribution functions, at the bins' edges.

    That of the binned values exactly, and of the values themselves at most the largest bin's
    share less (Kolmogorov 1933; Smirnov 1939).

    Returns
    -------
    float
        From 0 to 1.
    """
    if not (before.present and after.present):
        return float("nan")
    difference = np.cumsum(before.counts) / before.present - np.cumsum(after.counts) / after.present
    return float(np.abs(difference).max())


def wasserstein(before: Histogram, after: Histogram) -> float:
    """Compute the mean distance that values must move to turn one sample into the other.

    The 1-Wasserstein distance (Villani 2009, Optimal Transport, chapter 6) of the samples with
    every value at its bin's mean, in standard deviations of `before`. Since means are kept, it is
    never less than the distance between both means; values moved within a bin do not count.

    Returns
    -------
    float
        From 0 on; infinite where `before` is a single value and `after` is not.
    """
    if not (before.present and after.present):
        return float("nan")
    (means, weights), (means_after, weights_after) = _bin_means(before), _bin_means(after)
    distance = float(wasserstein_distance(means, means_after, weights, weights_after))
    spread = float(np.sqrt(np.average((means - before.mean) ** 2, weights=weights)))
    if distance <= 1e-9 * max(spread, abs(before.mean)):  # rounding
        return 0.0
    return distance / spread if spread else float("inf")


def psi(before: Histogram, after: Histogram) -> float:
    """Compute the population stability index: Jeffreys' divergence between the bins' shares.

    Half a row is added to each bin. Common readings are: below 0.1 stable, above 0.25 moved
    (Siddiqi 2006, Credit Risk Scorecards).

    Returns
    -------
    float
        From 0 on, in nats.
    """
    if not (before.present and after.present):
        return float("nan")
    p, q = before.counts + _PSEUDOCOUNT, after.counts + _PSEUDOCOUNT
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon(before: Histogram, after: Histogram) -> float:
    """Compute the square root of the Jensen-Shannon divergence of the levels' shares, in bits.

    A metric (Endres and Schindelin 2003, IEEE Transactions on Information Theory 49).

    Returns
    -------
    float
        From 0 to 1.
    """
    if not (before.present and after.present):
        return float("nan")
    return float(jensenshannon(before.counts, after.counts, base=2))


def missing(before: Histogram, after: Histogram) -> float:
    """Compute the difference between the shares of missing values: from 0 to 1."""
    if not (before.rows and after.rows):
        return float("nan")
    return abs(before.missing / before.rows - after.missing / after.rows)


def out_of_range(before: Histogram, after: Histogram) -> float:
    """Compute the share of the later values beyond the range, or in new categories.

    Of a period of the reference, the range is that of all other periods.
    """
    if not (before.present and after.present):
        return float("nan")
    return after.out_of_range / after.present


def _bin_means(histogram: Histogram) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of each bin that has values, and how many it has."""
    filled = histogram.counts > 0
    return histogram.sums[filled] / histogram.counts[filled], histogram.counts[filled]
