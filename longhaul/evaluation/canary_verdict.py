"""Verdict on a canary: its cost of a row beside the champion's, over the same time.

Requests go to one or the other by a hash of their key, so that both answer rows of one population;
no row has an answer of both. Each cluster, such as a day, has rows of both: intervals leave out
one cluster after the other (jackknife), from the rows of both at once.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from longhaul.data import clusters
from longhaul.data.labels import has_label, outcomes
from longhaul.evaluation.intervals import Interval, jackknife
from longhaul.problem import Problem
from longhaul.tasks import task_for

Move = Literal["wait", "grow", "promote", "end"]


@dataclass(frozen=True)
class CanaryVerdict:
    """Next move of a canary, with the reason.

    Attributes
    ----------
    move : {"wait", "grow", "promote", "end"}
    reason : str
    share : float
        The one that it grows to; 0 where it does not.
    difference : Interval or None
        Cost of a row of the canary less the champion's; None with too few outcomes.
    """

    move: Move
    reason: str
    share: float = 0.0
    difference: Interval | None = None


def judge(
    champion: tuple[pd.DataFrame, pd.DataFrame],
    canary: tuple[pd.DataFrame, pd.DataFrame],
    share: float,
    problem: Problem,
) -> CanaryVerdict:
    """Judge a canary by the outcomes since it got its share.

    Worse beyond doubt, it ends. At its last share it is promoted when it is better beyond doubt; at
    the others it grows unless it costs more. The confidence of the gate is spent in equal parts on
    all shares (Bonferroni).

    Parameters
    ----------
    champion, canary : (DataFrame, DataFrame)
        Rows with the target and the columns that make clusters, and their predictions.
    share : float
        Of the canary now.
    problem : Problem
    """
    rollout, sides = problem.rollout, [_costs(*side, problem) for side in (champion, canary)]
    fewest = min(len(cost) for cost, _ in sides)
    needed, unit = rollout.min_rows, clusters.describe_unit(problem)
    if fewest < needed:
        return CanaryVerdict("wait", f"{fewest:,} outcomes since, {needed:,} are needed")
    count = len(np.unique(np.concatenate([cluster for _, cluster in sides])))
    if not clusters.enough(count):
        return CanaryVerdict(
            "wait", f"{count} {unit} with outcomes since, {clusters.MIN_CLUSTERS} are needed"
        )
    level = 1 - (1 - problem.gate.confidence) / (len(rollout.shares) + 1)
    apart = _difference(sides[0], sides[1], level)
    text = (
        f"a row costs {apart.value:+.4f} [{apart.low:+.4f}, {apart.high:+.4f}] over {count} {unit}"
    )
    larger = [other for other in rollout.shares if other > share]
    if apart.low > 0:
        return CanaryVerdict("end", f"{text}: more than the champion's", 0.0, apart)
    if larger and apart.value <= 0:
        return CanaryVerdict("grow", f"{text}: not more than the champion's", larger[0], apart)
    if not larger and apart.high < 0:
        return CanaryVerdict("promote", f"{text}: less than the champion's", 0.0, apart)
    return CanaryVerdict("wait", f"{text}: undecided", 0.0, apart)


def _costs(
    rows: pd.DataFrame, predictions: pd.DataFrame, problem: Problem
) -> tuple[np.ndarray, np.ndarray]:
    """Return the cost and the cluster of each row with an outcome: declared, else the loss."""
    labelled = has_label(rows, problem.target)
    if not labelled.any():
        return np.zeros(0), np.zeros(0, dtype=str)
    judged = rows[labelled].infer_objects()
    outcome, unit = outcomes(judged, problem.target), clusters.of(judged, problem)
    task = task_for(problem.target.task_type)
    if problem.target.task_type != "binary":
        return task.losses(outcome, task.scores(predictions[labelled])), unit
    decision, costs = predictions.loc[labelled, "decision"].to_numpy(dtype=bool), problem.costs
    wrong = np.where(decision, costs.false_positive, costs.false_negative)
    return np.where(decision == outcome, 0.0, wrong), unit


def _difference(
    champion: tuple[np.ndarray, np.ndarray], canary: tuple[np.ndarray, np.ndarray], level: float
) -> Interval:
    """Compute the difference of mean costs, the canary's less the champion's, with its interval."""
    names, code = np.unique(np.concatenate([champion[1], canary[1]]), return_inverse=True)
    split = len(champion[1])
    sums, rows = [], []
    for cost, place in ((champion[0], code[:split]), (canary[0], code[split:])):
        sums.append(np.bincount(place, cost, minlength=len(names)))
        rows.append(np.bincount(place, minlength=len(names)).astype(float))
    total, counted = np.sum(sums, axis=1), np.sum(rows, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        without = [(total[i] - sums[i]) / (counted[i] - rows[i]) for i in (0, 1)]
    value = total[1] / counted[1] - total[0] / counted[0]
    return jackknife("difference", float(value), without[1] - without[0], level)
