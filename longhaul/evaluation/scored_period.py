"""Quality of a period's predictions, where outcomes are known."""

from collections.abc import Mapping

import pandas as pd

from longhaul.data.labels import describe
from longhaul.evaluation.threshold import mean_cost
from longhaul.json_values import sanitize_metric_name
from longhaul.problem import Problem
from longhaul.tasks import Task, display_name


def measure(labelled: pd.DataFrame, task: Task, problem: Problem) -> dict[str, float]:
    """Measure predictions that have an outcome.

    Parameters
    ----------
    labelled : DataFrame of n rows
        With the columns of the task's `schema`.
    task : Task
    problem : Problem

    Returns
    -------
    dict of str to float
        Figures of the outcomes, the task's metrics and, of two classes, the mean cost. Empty
        without rows.
    """
    if labelled.empty:
        return {}
    target = problem.target
    outcome = task.encode(labelled["outcome"], target.classes)
    figures = task.measure(outcome, task.scores(labelled))
    described = describe(outcome, target).items()
    if target.task_type == "binary":
        decision = labelled["decision"].to_numpy(dtype=bool)
        figures["cost"] = mean_cost(outcome, decision, problem.costs)
    return {**{sanitize_metric_name(name): figure for name, figure in described}, **figures}


def headline(rows: int, labelled: int, metrics: Mapping[str, float], task: Task) -> str:
    """Summarise a scored period in one line: its rows, primary metric and loss.

    Parameters
    ----------
    rows, labelled : int
        All rows, and those with an outcome.
    metrics : mapping of str to float
        The finite ones of `measure`.
    task : Task
    """
    text = f"{rows:,} row{'' if rows == 1 else 's'}"
    if labelled < rows:
        text += f", {labelled:,} with an outcome" if labelled else ", no outcome known yet"
    if task.loss not in metrics:
        return text
    return f"{text}, {_primary(metrics, task)}, {display_name(task.loss)} {metrics[task.loss]:.4g}"


def _primary(metrics: Mapping[str, float], task: Task) -> str:
    """Describe the primary metric, or why there is none."""
    if task.primary_metric in metrics:
        return f"{display_name(task.primary_metric)} {metrics[task.primary_metric]:.3f}"
    if task.task_type == "binary":
        return "all positive" if metrics.get("positive_share") else "all negative"
    return "all the same"
