"""Predict one period, and measure how good the predictions were where the outcome is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

import mlflow
import pandas as pd

from longhaul.data import periods
from longhaul.data import table as tables
from longhaul.data.labels import describe
from longhaul.engines.base import SPARK
from longhaul.engines.spark.session import session
from longhaul.errors import LonghaulError
from longhaul.evaluation.threshold import mean_cost
from longhaul.json_values import sanitize_metric_name
from longhaul.model import predictions
from longhaul.model.predictions import Provenance
from longhaul.model.predictor import Predictor
from longhaul.pipeline.parameters import Engine
from longhaul.pipeline.step import step
from longhaul.problem import Problem
from longhaul.registry.model_uri import ModelUri, resolve_model
from longhaul.tasks import Task, display_name
from longhaul.tracking import artifacts, logged_models


@step
def score(model: str, table: str, period: str, engine: Engine) -> str:
    """Write a period's predictions; log how good they were."""
    folder = artifacts.fetch(table)
    problem, source = tables.problem(folder), _file(folder, period)
    identity = resolve_model(model)
    predictor = logged_models.load_for(identity.uri, problem).predictor
    origin = Provenance(period, identity.name, identity.version, datetime.now(UTC))
    predict = _on_spark if engine == SPARK else _on_this_machine
    with predict(source, identity, predictor, problem, origin) as file:
        scored = predictions.read(file, problem.target.task_type)
    known = scored[scored["outcome"].notna()]
    metrics = {"rows": float(len(scored)), **_metrics(known, problem, predictor)}
    finite = {name: value for name, value in metrics.items() if isfinite(value)}
    mlflow.log_metrics(finite, step=periods.step(period))
    return f"{period}: {_rows(len(scored), len(known))}{_figures(finite, predictor.task)}"


@contextmanager
def _on_this_machine(
    source: Path, identity: ModelUri, predictor: Predictor, problem: Problem, origin: Provenance
) -> Iterator[Path]:
    """The period's predictions, made in this process."""
    with artifacts.log_folder(f"predictions/{identity.key}") as folder:
        file = tables.path(folder, origin.period)
        predictions.write(source, file, predictor, problem, origin)
        yield file


@contextmanager
def _on_spark(
    source: Path, identity: ModelUri, predictor: Predictor, problem: Problem, origin: Provenance
) -> Iterator[Path]:
    """The period's predictions, made by the workers of a cluster."""
    with session(f"longhaul score {origin.period}", models=True) as spark:
        from longhaul.engines.spark import scoring
        from longhaul.engines.spark.tables import folder

        with folder(spark, f"predictions/{identity.key}") as place:
            file = tables.path(place, origin.period)
            scoring.write(spark, source, file, identity.uri, predictor.features, problem, origin)
            yield file


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
    outcome = predictor.task.encode(known["outcome"], target.classes)
    figures = predictor.task.measure(outcome, predictor.task.scores(known))
    described = {sanitize_metric_name(key): one for key, one in describe(outcome, target).items()}
    if target.task_type == "binary":
        figures["cost"] = mean_cost(outcome, known["decision"].to_numpy(dtype=bool), problem.costs)
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
    alone = alone if task.task_type == "binary" else "all the same"
    lead = f"{display_name(task.primary_metric)} {metrics[task.primary_metric]:.3f}" if task.primary_metric in metrics else alone
    return f", {lead}, {display_name(task.loss)} {metrics[task.loss]:.4g}"


if __name__ == "__main__":
    score()
