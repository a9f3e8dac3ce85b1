"""The stages with engine=spark, against the same ones without."""

from pathlib import Path
from typing import Any

import mlflow
import pytest

from longhaul.production.history import ProductionHistory
from longhaul.tracking import artifacts
from tests import lifecycles, monitored_model, stores

pytestmark = pytest.mark.slow


def _figures(told: dict[str, Any]) -> dict[str, Any]:
    """All that monitoring said but for when and where."""
    return {name: value for name, value in told.items() if name not in {"run", "at"}}


def test_stages_on_spark_say_what_they_say_here(tracking: str, tmp_path: Path) -> None:
    """Scored and watched by Spark: the same account, the same metrics, no session left."""
    from pyspark.sql import SparkSession

    monitored_model.champion(tmp_path)
    where = monitored_model.table(tmp_path)
    mine = monitored_model.watch(where, "2020-07")
    yours = monitored_model.watch(where, "2020-07", engine="spark")
    assert yours.info.status == "FINISHED"
    assert SparkSession.getActiveSession() is None
    one, other = _figures(monitored_model.told(mine)), _figures(monitored_model.told(yours))
    _require_close(one, other)
    assert mine.data.metrics.keys() == yours.data.metrics.keys()
    for name, value in mine.data.metrics.items():
        assert yours.data.metrics[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name


def _require_close(one: Any, other: Any) -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            _require_close(one[name], other[name])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            _require_close(left, right)
    elif isinstance(one, float):
        assert other == pytest.approx(one, rel=1e-9, abs=1e-12, nan_ok=True)
    else:
        assert one == other


@pytest.mark.nightly
def test_a_cycle_on_spark(tracking: str, tmp_path: Path) -> None:
    """From the source alone: each of its stages is told the engine, and the table is Spark's.

    `test_stages_on_spark_say_what_they_say_here` runs the stages alone.
    """
    monitored_model.champion(tmp_path)
    home = str(lifecycles.REPOSITORY)
    who = {"MLFLOW_TRACKING_URI": tracking, "MLFLOW_EXPERIMENT_NAME": "test"}
    given = {"problem": f"{tmp_path}/churn.yaml", "period": "2020-07", "engine": "spark"}
    lifecycles.run(tmp_path, home, "cycle", who=who, **given)
    (cycle,) = mlflow.search_runs(
        filter_string="tags.mlflow.project.entryPoint = 'cycle'", output_format="list"
    )
    stages = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{cycle.info.run_id}'", output_format="list"
    )
    engines = {run.info.run_name: run.data.params.get("engine") for run in stages}
    told = {name for name, engine in engines.items() if engine == "spark"}
    assert told >= {"ingest", "validate", "score 2020-07", "monitor 2020-07"}
    (validated,) = [run for run in stages if run.info.run_name == "validate"]
    tables = artifacts.fetch(f"runs:/{validated.info.run_id}/table")
    assert all(file.is_dir() for file in tables.glob("*.parquet"))
    assert list(ProductionHistory.load("churn").periods) == ["2020-07"]


@pytest.mark.nightly
def test_a_life_cycle_on_spark(tmp_path: Path, empty_store: Path) -> None:
    """`main` with engine=spark: ingested, validated, tuned, scored and watched by Spark.

    `test_a_cycle_on_spark` is the shorter one; `tests.engines.test_search` tunes with Spark.
    """
    home = lifecycles.home(tmp_path, brief=True)
    stores.put(home, empty_store)
    settings = {"problem": "churn.yaml", "families": "linear", "trials": 3, "engine": "spark"}
    printed = lifecycles.run(home, str(lifecycles.REPOSITORY), **settings)
    lifecycles.use(home)
    (parent,) = lifecycles.parents()
    stages = {run.data.params.get("engine") for run in lifecycles.children(parent).values()}
    assert "spark" in stages
    assert "✓ ingest" in printed
    tables = artifacts.fetch(f"runs:/{lifecycles.children(parent)['validate'].info.run_id}/table")
    assert all(file.is_dir() for file in tables.glob("*.parquet"))
    again = lifecycles.run(home, str(lifecycles.REPOSITORY), **settings)
    assert "reused" in again or "nothing has changed" in again or "↺" in again
