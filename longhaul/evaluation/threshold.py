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


def curve(outcome: np.ndarray, probability: np.ndarray, costs: Costs) -> CostCurve:
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


def choose(outcome: np.ndarray, probability: np.ndarray, costs: Costs) -> float:
    """The threshold with the lowest cost; of several, the one nearest to theory.

    For calibrated probabilities the best threshold is known: the cost of a false positive
    divided by the sum of both costs (Elkan 2001, The foundations of cost-sensitive learning).

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,), n > 0
    probability : ndarray of float, shape (n,)
    costs : Costs
    """
    points = curve(outcome, probability, costs)
    best = points.thresholds[points.costs == points.costs.min()]
    theory = costs.false_positive / (costs.false_positive + costs.false_negative)
    return float(best[np.argmin(np.abs(best - theory))])


def cost(outcome: np.ndarray, decision: np.ndarray, costs: Costs) -> float:
    """The mean cost of a row under given decisions.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    decision : ndarray of bool, shape (n,)
    costs : Costs
    """
    false_positives = np.mean(decision & ~outcome)
    false_negatives = np.mean(outcome & ~decision)
    return float(costs.false_positive * false_positives + costs.false_negative * false_negatives)
