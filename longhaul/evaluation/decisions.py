"""Cost, precision and recall of decisions, with baselines to compare."""

import numpy as np
from sklearn.metrics import precision_score, recall_score

from longhaul.evaluation.threshold import mean_cost
from longhaul.problem import Costs
from longhaul.tasks import Task


def decision_metrics(
    outcome: np.ndarray, probability: np.ndarray, threshold: float, costs: Costs
) -> dict[str, float]:
    """Measure the decisions at a threshold.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    probability : ndarray of float, shape (n,)
    threshold : float
    costs : Costs

    Returns
    -------
    dict of str to float
        Mean costs per row: `cost` at the threshold, `cost_at_half` at 0.5, `cost_always` and
        `cost_never` when all rows are decided positive, or negative; `precision` (NaN without
        positive decisions) and `recall` (NaN without positive outcomes). Empty without rows.
    """
    if not len(outcome):
        return {}
    decision = probability >= threshold
    rules = {
        "cost": decision,
        "cost_at_half": probability >= 0.5,
        "cost_always": np.ones_like(outcome),
        "cost_never": np.zeros_like(outcome),
    }
    return {
        **{name: mean_cost(outcome, rule, costs) for name, rule in rules.items()},
        "precision": float(precision_score(outcome, decision, zero_division=np.nan)),
        "recall": float(recall_score(outcome, decision, zero_division=np.nan)),
    }


def baseline_metrics(task: Task, outcome: np.ndarray) -> dict[str, float]:
    """Measure the baseline: a constant prediction, the commonest class or the mean.

    Parameters
    ----------
    task : Task
        Multiclass or regression.
    outcome : ndarray, shape (n,)

    Returns
    -------
    dict of str to float
        `accuracy_of_the_commonest` class, or `rmse_of_the_mean`.
    """
    if not len(outcome):
        return {}
    if task.task_type == "multiclass":
        _, counts = np.unique(outcome, return_counts=True)
        return {"accuracy_of_the_commonest": float(counts.max() / len(outcome))}
    return {"rmse_of_the_mean": float(outcome.std())}
