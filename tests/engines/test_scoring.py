"""Predictions by Spark against predictions by this machine."""

from pathlib import Path
from typing import Any

import mlflow
import pyarrow.parquet as pq
import pytest

from longhaul.engines.spark import scoring
from longhaul.tracking import candidates
from tests.engines.conftest import ORIGIN, copy
from tests.monitoring import monitored
from tests.tables import churn

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("parts", [0, 4])
def test_predictions_are_the_same(
    spark: Any, july: Path, local: Path, tmp_path: Path, parts: int, monkeypatch: Any
) -> None:
    """Every column, every row, bit for bit, and in order."""
    uri = _logged(tmp_path, monkeypatch)
    target = tmp_path / "scored.parquet"
    predictor = monitored.fitted().package.predictor
    source = copy(july, tmp_path, parts)
    scoring.write(spark, source, target, uri, predictor, monitored.problem(), ORIGIN)
    expected = pq.read_table(local)
    found = pq.read_table(target)
    assert found.schema.names == expected.schema.names
    assert found.cast(expected.schema).equals(expected)
    assert {one.suffix for one in target.iterdir()} == {".parquet"}


def _logged(folder: Path, monkeypatch: Any) -> str:
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.create_experiment("spark", artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment("spark")
    with mlflow.start_run() as run:
        candidates.log(monitored.fitted(), churn(2))
    return f"runs:/{run.info.run_id}/model"
