"""Decision threshold, chosen by the costs of false positives and false negatives."""

from dataclasses import dataclass

import numpy as np

from longhaul.problem import Costs


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


def choose_threshold(outcome: np.ndarray, probability: np.ndarray, costs: Costs) -> float:
    """Choose the threshold nearest to theory among those as good as the cheapest.

    For calibrated probabilities the best threshold is known: the cost of a false positive
    divided by the sum of both costs (Elkan 2001, The foundations of cost-sensitive learning).
    A threshold is as good when it costs at most one standard error more than the cheapest (the rule
    of Breiman, Friedman, Olshen and Stone 1984, Classification and Regression Trees, section
    3.4.3): a gain over theory on a few rows, or in one month, seldom holds in the next.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,), n > 0
    probability : ndarray of float, shape (n,)
    costs : Costs
    """
    points = cost_curve(outcome, probability, costs)
    cheapest = points.thresholds[np.argmin(points.costs)]
    by_row = row_costs(outcome, probability >= cheapest, costs)
    error = by_row.std() / np.sqrt(len(by_row))
    as_good = points.thresholds[points.costs <= points.costs.min() + error]
    theory = costs.false_positive / (costs.false_positive + costs.false_negative)
    return float(as_good[np.argmin(np.abs(as_good - theory))])


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
