"""Predict one period, and measure how good the predictions were where the outcome is known."""

from datetime import UTC, datetime
from math import isfinite

import mlflow

from longhaul.data import periods
from longhaul.data.table import PeriodTable
from longhaul.engines import base as engines
from longhaul.evaluation import scored_period
from longhaul.model import predictions
from longhaul.model.predictions import Provenance
from longhaul.pipeline import clean_table
from longhaul.pipeline.parameters import Engine
from longhaul.pipeline.step import step
from longhaul.registry import corrections
from longhaul.registry.model_uri import resolve_model
from longhaul.tracking import artifacts, logged_models


@step
def score(model: str, table: str, period: str, engine: Engine) -> str:
    """Write a period's predictions; log how good they were."""
    source = PeriodTable(artifacts.fetch(clean_table.resolve(table, model)))
    problem, file = source.problem, source.existing(period)
    identity = resolve_model(model)
    predictor = logged_models.load_for(identity.uri, problem).predictor
    provenance = Provenance(period, identity.name, identity.version, datetime.now(UTC))
    stored = corrections.find(identity)
    with (
        engines.open(engine, f"score {period}", models=True) as opened,
        opened.log_folder(f"predictions/{identity.key}") as folder,
    ):
        target = PeriodTable(folder).path(period)
        opened.predict(
            file,
            target,
            identity.uri,
            predictor,
            problem,
            provenance,
            stored.correction if stored else None,
        )
        scored = predictions.read(target, problem.target.task_type)
    labelled, task = scored[scored["outcome"].notna()], predictor.task
    metrics = {
        "rows": float(len(scored)),
        **scored_period.measure(labelled, task, problem),
    }
    finite = {name: figure for name, figure in metrics.items() if isfinite(figure)}
    mlflow.log_metrics(finite, step=periods.step(period))
    return f"{period}: {scored_period.headline(len(scored), len(labelled), finite, task)}"


if __name__ == "__main__":
    score()
