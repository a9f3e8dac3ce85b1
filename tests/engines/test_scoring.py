"""Predictions by Spark against predictions by this machine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pyarrow.parquet as pq
import pytest

from longhaul.engines.spark import scoring
from longhaul.model import predictions, recalibrated
from longhaul.tracking import candidates
from tests import corrected
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


def test_corrected_predictions_are_the_same(
    spark: Any, july: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """With a correction too; and written again from its parts, without one and with one."""
    uri = _logged(tmp_path, monkeypatch)
    predictor, problem = monitored.fitted().package.predictor, monitored.problem()
    correction = corrected.correction()
    expected, target = tmp_path / "expected.parquet", tmp_path / "scored.parquet"
    predictions.write(july, expected, predictor, problem, ORIGIN, 999, correction)
    scoring.write(
        spark, copy(july, tmp_path, 4), target, uri, predictor, problem, ORIGIN, correction
    )
    local = pq.read_table(expected)
    assert 0 < recalibrated.shifted_rows(expected) == recalibrated.shifted_rows(target)
    assert pq.read_table(target).cast(local.schema).equals(local)
    for number, other in enumerate(
        (replace(correction, shifts=correction.shifts[::-1]), correction)
    ):
        again = tmp_path / f"again{number}.parquet"
        recalibrated.write(target, again, problem, predictor.threshold, other)
        assert pq.read_table(again).cast(local.schema).equals(local) == bool(number)


def _logged(folder: Path, monkeypatch: Any) -> str:
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.create_experiment("spark", artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment("spark")
    with mlflow.start_run() as run:
        candidates.log(monitored.fitted(), churn(2))
    return f"runs:/{run.info.run_id}/model"
