"""Predict one period, and measure how good the predictions were where the outcome is known."""

from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

import click
import mlflow
import pandas as pd

from longhaul.data import periods
from longhaul.data import table as tables
from longhaul.data.labels import describe
from longhaul.errors import LonghaulError
from longhaul.evaluation.threshold import cost
from longhaul.model import predictions
from longhaul.model.predictor import Predictor
from longhaul.plain import name_of_metric
from longhaul.problem import Problem
from longhaul.tasks import Task, words
from longhaul.tracking import artifacts, models
from longhaul.tracking.identity import identify
from longhaul.workflow.stage import stage


@stage
@click.option("--model", required=True, help="A registered version, or any logged model.")
@click.option("--table", required=True, help="The table folder of validate.")
@click.option("--period", required=True, help="Such as 2013-07.")
def score(model: str, table: str, period: str) -> str:
    """Write a period's predictions; log how good they were."""
    folder = artifacts.fetch(table)
    problem, source = tables.problem(folder), _file(folder, period)
    identity = identify(model)
    predictor = models.load_for(identity.uri, problem).predictor
    origin = predictions.Origin(period, identity.name, identity.version, datetime.now(UTC))
    with artifacts.folder(f"predictions/{identity.key}") as target:
        file = tables.path(target, period)
        predictions.write(source, file, predictor, problem, origin)
        scored = predictions.read(file, problem.target.kind)
    known = scored[scored["outcome"].notna()]
    metrics = {"rows": float(len(scored)), **_metrics(known, problem, predictor)}
    finite = {name: value for name, value in metrics.items() if isfinite(value)}
    mlflow.log_metrics(finite, step=periods.step(period))
    return f"{period}: {_rows(len(scored), len(known))}{_figures(finite, predictor.task)}"


def _file(folder: Path, period: str) -> Path:
    """The period's file.

    Raises
    ------
    LonghaulError
        When the table has no such period.
    """
    found = tables.periods(folder)
    if period not in found:
        raise LonghaulError(f"period: {period!r} is not in the table; it has {', '.join(found)}")
    return tables.path(folder, period)


def _metrics(known: pd.DataFrame, problem: Problem, predictor: Predictor) -> dict[str, float]:
    """How good predictions with an outcome were."""
    if known.empty:
        return {}
    target = problem.target
    outcome = predictor.task.outcomes(known["outcome"], target.classes)
    figures = predictor.task.measure(outcome, predictor.task.scores(known))
    described = {name_of_metric(key): one for key, one in describe(outcome, target).items()}
    if target.kind == "binary":
        figures["cost"] = cost(outcome, known["decision"].to_numpy(dtype=bool), problem.costs)
    return {**described, **figures}


def _rows(count: int, known: int) -> str:
    rows = f"{count:,} row{'' if count == 1 else 's'}"
    if known == count:
        return rows
    return f"{rows}, {known:,} with an outcome" if known else f"{rows}, no outcome known yet"


def _figures(metrics: dict[str, float], task: Task) -> str:
    """The metrics for the headline, or why there is no leading one."""
    if task.loss not in metrics:
        return ""
    alone = "all positive" if metrics.get("positive_share") else "all negative"
    alone = alone if task.kind == "binary" else "all the same"
    lead = f"{words(task.lead)} {metrics[task.lead]:.3f}" if task.lead in metrics else alone
    return f", {lead}, {words(task.loss)} {metrics[task.loss]:.4g}"


if __name__ == "__main__":
    score()
