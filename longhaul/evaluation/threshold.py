"""Decision threshold, chosen by the costs of false positives and false negatives."""

from dataclasses import dataclass

import numpy as np

from longhaul.evaluation.intervals import jackknife
from longhaul.problem import Costs

CANDIDATES = 500  # thresholds that are compared: quantiles of the probabilities


@dataclass(frozen=True)
class CostCurve:
    """Mean cost at every threshold that the data distinguish.

    Attributes
    ----------
    thresholds : ndarray of float, shape (k,)
        Ascending; a row is decided positive when its probability is at least the threshold. The
        last is above every probability: never positive.
    costs : ndarray of float, shape (k,)
        Mean cost per row, in the unit of the declared costs.
    """

    thresholds: np.ndarray
    costs: np.ndarray


def cost_curve(outcome: np.ndarray, probability: np.ndarray, costs: Costs) -> CostCurve:
    """Compute the mean cost per row at every threshold.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    probability : ndarray of float, shape (n,)
    costs : Costs
    """
    order = np.argsort(probability, kind="stable")
    values, starts = np.unique(probability[order], return_index=True)
    positives = np.concatenate([[0], np.cumsum(outcome[order])])
    cuts = np.append(starts, len(order))  # rows before a cut are decided negative
    missed = positives[cuts]
    false_alarms = (len(order) - cuts) - (positives[-1] - missed)
    total = costs.false_negative * missed + costs.false_positive * false_alarms
    never = np.nextafter(values[-1], np.inf)
    return CostCurve(np.append(values, never), total / len(order))


def theoretical_threshold(costs: Costs) -> float:
    """Return the best threshold for calibrated probabilities.

    It is the cost of a false positive divided by the sum of both costs (Elkan 2001, The foundations
    of cost-sensitive learning, IJCAI).
    """
    return costs.false_positive / (costs.false_positive + costs.false_negative)


def choose_threshold(
    outcome: np.ndarray,
    probability: np.ndarray,
    clusters: np.ndarray,
    costs: Costs,
    confidence: float,
) -> float:
    """Choose the theoretical threshold, or the nearest to it that is not dearer beyond doubt.

    Theory holds for calibrated probabilities, of whichever model. Only where the rows show that it
    costs more than the cheapest threshold, the interval of the difference lying above zero, the
    probabilities are taken to be off. The difference is counted by cluster: a month in which few
    rows were positive says little about the next. With too few clusters for an interval, theory
    holds.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,), n > 0
    probability : ndarray of float, shape (n,)
        Of rows that the model which gave them was not fitted on.
    clusters : ndarray of str, shape (n,)
        See `longhaul.data.clusters.of`.
    costs : Costs
    confidence : float
        Of the interval.
    """
    theory = theoretical_threshold(costs)
    thresholds = _candidates(probability, theory)
    by_cluster, rows = _costs_by_cluster(outcome, probability, clusters, thresholds, costs)
    cheapest = by_cluster[:, by_cluster.sum(axis=0).argmin()]
    excess = by_cluster - cheapest[:, np.newaxis]
    is_dearer = np.array([_is_above_zero(sums, rows, confidence) for sums in excess.T])
    as_good = thresholds[~is_dearer]
    return float(as_good[np.argmin(np.abs(as_good - theory))])


def _candidates(probability: np.ndarray, theory: float) -> np.ndarray:
    """Return theory, quantiles of the probabilities, and a threshold above all, in order."""
    places = np.linspace(0, 1, CANDIDATES)
    quantiles = np.quantile(probability, places, method="nearest")
    return np.unique([*quantiles, theory, np.nextafter(max(probability.max(), theory), np.inf)])


def _costs_by_cluster(
    outcome: np.ndarray,
    probability: np.ndarray,
    clusters: np.ndarray,
    thresholds: np.ndarray,
    costs: Costs,
) -> tuple[np.ndarray, np.ndarray]:
    """Sum up the costs of g clusters at k thresholds, shape (g, k), and their rows, shape (g,)."""
    names, code = np.unique(clusters, return_inverse=True)
    cells = len(thresholds) + 1  # a row of cell i is positive at the first i thresholds
    cell = np.searchsorted(thresholds, probability, side="right")
    shape = (len(names), cells)
    positive, total = (
        np.bincount(code * cells + cell, weights, np.prod(shape)).reshape(shape)
        for weights in (outcome.astype(float), None)
    )
    negative = total - positive
    missed = positive.cumsum(axis=1)[:, :-1]
    false_alarms = negative.sum(axis=1, keepdims=True) - negative.cumsum(axis=1)[:, :-1]
    charged = costs.false_negative * missed + costs.false_positive * false_alarms
    return charged, total.sum(axis=1)


def _is_above_zero(sums: np.ndarray, rows: np.ndarray, confidence: float) -> bool:
    """Return whether a mean over rows is above zero beyond doubt, given its sums by cluster."""
    if len(rows) < 2:
        return False
    without = (sums.sum() - sums) / (rows.sum() - rows)
    return jackknife("difference", sums.sum() / rows.sum(), without, confidence).low > 0


def row_costs(outcome: np.ndarray, decision: np.ndarray, costs: Costs) -> np.ndarray:
    """Return the cost of each decision: float of shape (n,).

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    decision : ndarray of bool, shape (n,)
    costs : Costs
    """
    wrong, missed = decision & ~outcome, outcome & ~decision
    return np.asarray(costs.false_positive * wrong + costs.false_negative * missed)


def mean_cost(outcome: np.ndarray, decision: np.ndarray, costs: Costs) -> float:
    """Return the mean cost per row of given decisions; see `row_costs`."""
    return float(row_costs(outcome, decision, costs).mean())
