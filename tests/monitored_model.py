"""A registered model in production, for tests: periods that arrive, are scored and watched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.entities import Run

from longhaul import problem_yaml
from longhaul.data import parquet
from longhaul.data.table import PeriodTable
from longhaul.registry import promotion
from longhaul.tracking import artifacts, candidates
from longhaul.tracking.tags import LAST_PERIOD_SEEN
from steps.monitor import monitor
from steps.score import score
from tests import packages, tables

Change = Callable[[pd.DataFrame], pd.DataFrame]


def champion(folder: Path) -> None:
    """Version 1 of churn: fitted up to May, judged by June."""
    fitted = packages.fit(folder)
    with mlflow.start_run() as run:
        candidates.log(fitted, tables.churn(2))
    tags = {LAST_PERIOD_SEEN: "2020-06", "test_auc": f"{fitted.metrics['auc']:.4f}"}
    number = promotion.register("churn", f"runs:/{run.info.run_id}/model", tags, "")
    promotion.promote("churn", number, "the first one")


def table(folder: Path, text: str = tables.DECLARATION, turn: int = 9, **changes: Change) -> str:
    """A clean table of nine months, some changed: ``july=lambda rows: rows.head(3)``."""
    target = folder / "table"
    target.mkdir(exist_ok=True)
    declared = tables.declare(folder, text=text)
    frame = tables.churn(rows_per_month=400, seed=1, turn=turn)
    PeriodTable(target).write(problem_yaml.load(declared), frame)
    names = {"july": "2020-07", "august": "2020-08", "september": "2020-09"}
    for name, change in changes.items():
        path = PeriodTable(target).path(names[name])
        parquet.write(change(pd.read_parquet(path)), path)
    return str(target)


def watch(
    where: str, period: str, number: str = "1", fail_on: str = "never", engine: str = "local"
) -> Run:
    """Score and monitor a period; the run of the latter."""
    model = f"models:/churn/{number}"
    given = ["--table", where, "--period", period, "--engine", engine]
    score.main(["--model", model, *given])
    scored = newest()
    options = {
        "model": model,
        "predictions": f"runs:/{scored.info.run_id}/predictions",
        "table": where,
        "period": period,
        "fail_on": fail_on,
        "engine": engine,
    }
    monitor.main([f"--{name}={value}" for name, value in options.items()])
    return newest()


def newest() -> Run:
    """The run that began last, that of the model's life aside."""
    (found, *_) = mlflow.search_runs(
        filter_string="tags.`longhaul.owner` LIKE '%'",
        order_by=["attributes.start_time DESC"],
        output_format="list",
    )
    return found


def told(run: Run) -> dict[str, Any]:
    """What monitoring said."""
    found: dict[str, Any] = artifacts.read_json(f"runs:/{run.info.run_id}/monitor.json")
    return found
