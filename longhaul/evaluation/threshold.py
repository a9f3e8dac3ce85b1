"""From which probability on to decide positive, given what the two errors cost."""

from dataclasses import dataclass

import numpy as np

from longhaul.problem import Costs


@dataclass(frozen=True)
class CostCurve:
    """The cost of every decision rule that the data can tell apart.

    Attributes
    ----------
    thresholds : ndarray of float, shape (k,)
        Rising; a row is decided positive when its probability is at least the threshold. The
        last is above every probability: never positive.
    costs : ndarray of float, shape (k,)
        Mean cost of a row, in the unit of the declared costs.
    """

    thresholds: np.ndarray
    costs: np.ndarray


def cost_curve(outcome: np.ndarray, probability: np.ndarray, costs: Costs) -> CostCurve:
    """The mean cost of a row at every threshold.

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
    """Of the thresholds that are as good as the cheapest, the one nearest to theory.

    For calibrated probabilities the best threshold is known: the cost of a false positive
    divided by the sum of both costs (Elkan 2001, The foundations of cost-sensitive learning).
    As good is what costs no more than the cheapest and its standard error (the rule of Breiman,
    Friedman, Olshen and Stone 1984, Classification and Regression Trees, section 3.4.3): what is
    won beyond theory on a few rows, or in one month, is lost again in the next.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,), n > 0
    probability : ndarray of float, shape (n,)
    costs : Costs
    """
    points = cost_curve(outcome, probability, costs)
    cheapest = points.thresholds[np.argmin(points.costs)]
    each = row_costs(outcome, probability >= cheapest, costs)
    error = each.std() / np.sqrt(len(each))
    as_good = points.thresholds[points.costs <= points.costs.min() + error]
    theory = costs.false_positive / (costs.false_positive + costs.false_negative)
    return float(as_good[np.argmin(np.abs(as_good - theory))])


def row_costs(outcome: np.ndarray, decision: np.ndarray, costs: Costs) -> np.ndarray:
    """What each decision cost: float of shape (n,).

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    decision : ndarray of bool, shape (n,)
    costs : Costs
    """
    wrong, missed = decision & ~outcome, outcome & ~decision
    return np.asarray(costs.false_positive * wrong + costs.false_negative * missed)


def mean_cost(outcome: np.ndarray, decision: np.ndarray, costs: Costs) -> float:
    """The mean cost of a row under given decisions; see `row_costs`."""
    return float(row_costs(outcome, decision, costs).mean())
