"""A real candidate is served for real, and held to batch prediction."""

from pathlib import Path

import mlflow
import pytest

from longhaul.data.split import Split
from longhaul.registry import promotion
from longhaul.smoke_test.measurement import spread_rows
from longhaul.tracking import artifacts, logged_models
from steps.deploy import deploy
from tests import corrected, packages


@pytest.fixture
def split(tmp_path: Path, tracking: str) -> Path:
    """The split folder of the customers."""
    return packages.split(tmp_path)


def test_requests_are_spread_over_all_rows() -> None:
    """First and last row are asked about; there may be fewer rows than a request wants."""
    assert [start.tolist() for start in spread_rows(9, 3, 1)] == [[0], [4], [8]]
    assert [start.tolist() for start in spread_rows(5, 2, 3)] == [[0, 1, 2], [2, 3, 4]]
    assert [start.tolist() for start in spread_rows(2, 2, 100)] == [[0, 1], [0, 1]]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["lightgbm", pytest.param("linear", marks=pytest.mark.nightly)])
def test_service_equals_batch_prediction(
    split: Path, tmp_path: Path, family: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stage says how fast and how equal, in its headline, metrics and deployment.json.

    Linear models are served in most whole lives, too.
    """
    fitted = packages.fit(tmp_path, family)
    with mlflow.start_run():
        uri = logged_models.log(fitted.package, Split(split).read("valid").head())
    arguments = ["--model", uri, "--split", str(split), "--period", "", "--requests", "20"]
    deploy.main([*arguments, "--compare_mlflow", str(family == "lightgbm")])
    headline = capsys.readouterr().out
    assert headline.startswith("serves: 20 requests, median ")
    assert "answers equal batch predictions" in headline
    run = mlflow.last_active_run()
    assert run.data.metrics["parity_max_difference"] <= {"linear": 1e-6}.get(family, 0)
    assert 0 < run.data.metrics["latency_p50_ms"] <= run.data.metrics["latency_p99_ms"]
    report = artifacts.read_json(f"runs:/{run.info.run_id}/deployment.json")
    assert report["parity"]["answers"] == 20 + 5 * 100
    assert report["batches"]["rows_per_request"] == 100
    assert report["recorded"] == 1 + 20 + 5 * 100
    if family == "lightgbm":
        assert "(mlflow models serve: " in headline
        assert report["stock"]["parity"]["largest_difference"] == 0
        assert report["single"]["p50_ms"] < report["stock"]["single"]["p50_ms"]


@pytest.mark.slow
def test_a_corrected_service_equals_a_corrected_batch(
    split: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """June is shifted day by day; stock serving knows no correction and gives the model's own."""
    with mlflow.start_run():
        package = packages.fit(tmp_path, "lightgbm").package
        uri = logged_models.log(package, Split(split).read("valid").head())
    promotion.register("churn", uri, {}, "")
    corrected.store(corrected.correction(first="2020-05-20"))
    arguments = ["--model", "models:/churn/1", "--split", str(split), "--period", ""]
    deploy.main([*arguments, "--requests", "20", "--compare_mlflow", "True"])
    assert "answers equal batch predictions" in capsys.readouterr().out
    run = mlflow.last_active_run()
    report = artifacts.read_json(f"runs:/{run.info.run_id}/deployment.json")
    assert report["parity"]["largest_difference"] == 0
    assert report["stock"]["parity"]["largest_difference"] == 0
