"""Completeness of outcomes: those that arrive first may be unlike the others."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import kstwobign

from longhaul.data.clusters import enough
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.scored import Scored, scores_of
from longhaul.monitoring.scores import UNKNOWN, Scores

CONFIDENCE = 0.99
DRAWS = 999


@dataclass(frozen=True)
class Completeness:
    """Share of a period's rows with an outcome, and whether they are like the others.

    Attributes
    ----------
    share : float
    distance : float
        Of Kolmogorov and Smirnov, between the predictions of rows with and without an outcome; 0
        where all rows are of one kind, NaN of predicted numbers.
    limit : float
        What chance alone exceeds once in a hundred periods.
    representative : bool
        Whether the distance is within its limit.
    """

    share: float
    distance: float
    limit: float
    representative: bool


def completeness(clusters: ClusterCounts[Scored], seed: int = 0) -> Completeness:
    """Compare predictions that have a known outcome with the others.

    Under the limit lies the distance that clusters drawn anew would show if both kinds were alike:
    the contribution of each cluster to the difference of the distribution functions is multiplied
    by random signs (van der Vaart and Wellner 1996, Weak Convergence and Empirical Processes,
    section 2.9: the multiplier bootstrap). Where there are too few clusters for that, rows count as
    independent.

    Parameters
    ----------
    clusters : ClusterCounts
        Of a period whose outcomes are due.
    seed : int
        Of the signs.
    """
    parts = list(clusters.parts.values())
    rows = sum(part.rows for part in parts)
    labelled = sum(part.labelled for part in parts)
    share = labelled / rows if rows else 0.0
    scores = [counts for part in parts if (counts := scores_of(part)) is not None]
    if not scores:
        return Completeness(share, float("nan"), float("nan"), True)
    if labelled in {0, rows}:
        return Completeness(share, 0.0, 1.0, True)
    kinds = _distributions(scores)
    distance = _distance(*kinds)
    if enough(len(scores)):
        limit = _limit(*kinds, seed)
    else:
        effective = labelled * (rows - labelled) / rows
        limit = float(kstwobign.ppf(CONFIDENCE) / np.sqrt(effective))
    return Completeness(share, distance, limit, distance <= limit)


def _distributions(scores: list[Scores]) -> tuple[np.ndarray, np.ndarray]:
    """Return cumulative counts of each cluster, with and without outcomes: two of shape (k, c)."""
    counts = np.stack([part.counts.sum(axis=1) for part in scores]).astype(float)
    kinds = counts[..., :UNKNOWN].sum(axis=-1), counts[..., UNKNOWN]
    labelled, unlabelled = (np.cumsum(kind, axis=1) for kind in kinds)
    return labelled, unlabelled


def _distance(labelled: np.ndarray, unlabelled: np.ndarray) -> float:
    """Return the greatest difference of the distribution functions."""
    functions = (kind.sum(axis=0) / kind[:, -1].sum() for kind in (labelled, unlabelled))
    return float(np.abs(np.subtract(*functions)).max())


def _limit(labelled: np.ndarray, unlabelled: np.ndarray, seed: int) -> float:
    """Return the greatest difference that random signs reach, once in a hundred draws."""
    influence = np.subtract(*map(_influence, (labelled, unlabelled)))
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(DRAWS, len(influence)))
    return float(np.quantile(np.abs(signs @ influence).max(axis=1), CONFIDENCE))


def _influence(cumulative: np.ndarray) -> np.ndarray:
    """Return how each cluster moves a distribution function: shape (k, c)."""
    rows = cumulative[:, -1:]
    function = cumulative.sum(axis=0) / rows.sum()
    return np.asarray((cumulative - rows * function) / rows.sum())
