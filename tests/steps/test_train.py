"""The train stage, run as its entry point is."""

from pathlib import Path

import mlflow
import pytest

from longhaul.data.split import Split
from longhaul.estimators.families import family
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking.tags import HEADLINE
from steps.train import train
from tests import tables


@pytest.fixture
def split(tmp_path: Path) -> str:
    """A split folder of the table of customers."""
    frame, folder = tables.churn(rows_per_month=150), tmp_path / "split"
    month = frame["day"].dt.strftime("%Y-%m")
    folder.mkdir()
    windows = {
        "train": frame[month <= "2020-04"],
        "valid": frame[month == "2020-05"],
        "test": frame[month == "2020-06"],
    }
    Split(folder).write(tables.problem(tmp_path), windows)
    return str(folder)


def options(split: str, name: str, settings: str = "", cross_fit: bool = True) -> list[str]:
    given = {
        "split": split,
        "family": name,
        "settings": settings,
        "seed": 0,
        "threads": 1,
        "cross_fit": cross_fit,
    }
    return [f"--{key}={value}" for key, value in given.items()]


def test_train(tracking: str, split: str) -> None:
    """A run ends with a model, its metrics on validation and all its settings."""
    train.main(options(split, "linear"))
    [run] = mlflow.search_runs(output_format="list")
    assert run.info.status == "FINISHED"
    metrics = run.data.metrics
    names = ("auc", "average_precision", "log_loss", "brier", "calibration_error")
    assert {*(f"valid_{name}" for name in names), "valid_loss"} == set(metrics)
    assert metrics["valid_loss"] == metrics["valid_log_loss"]
    figures = f"log loss {metrics['valid_log_loss']:.4f}, AUC {metrics['valid_auc']:.3f}"
    assert f"linear: {figures} on validation" == run.data.tags[HEADLINE]
    assert run.data.tags["longhaul.family"] == "linear"
    assert run.data.params == {"setting.C": "0.1"}
    root = f"runs:/{run.info.run_id}"
    assert family("linear").defaults == artifacts.read_json(f"{root}/settings.json")
    assert logged_models.load(f"{root}/model").predictor.family == "linear"


def test_a_model_to_compare(tracking: str, split: str) -> None:
    """Without cross-fitting, metrics are the same; of periods, only validation has scores."""
    train.main(options(split, "linear"))
    train.main(options(split, "linear", cross_fit=False))
    compared, kept = mlflow.search_runs(output_format="list")
    assert compared.data.metrics == kept.data.metrics
    for run, periods in ((compared, ["2020-05"]), (kept, [f"2020-0{n}" for n in range(1, 6)])):
        reference = logged_models.load(f"runs:/{run.info.run_id}/model").reference
        assert list(reference["score_periods"]) == periods


def test_settings_of_another_run(tracking: str, split: str) -> None:
    """They are taken over; how many iterations to make is found anew."""
    with mlflow.start_run() as earlier:
        given = {"iterations": 3, "leaves": 7, "learning_rate": 0.2}
        mlflow.log_dict(given, "settings.json")
    train.main(options(split, "lightgbm", f"runs:/{earlier.info.run_id}/settings.json"))
    newest, *_ = mlflow.search_runs(output_format="list")
    settings = artifacts.read_json(f"runs:/{newest.info.run_id}/settings.json")
    assert (settings["leaves"], settings["learning_rate"]) == (7, 0.2)
    assert settings["iterations"] != 3


def test_settings_that_are_none(
    tracking: str, split: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A document of another kind, or none at all, is refused in one line."""
    (tmp_path / "list.json").write_text("[1]")
    for settings, message in (
        ("list.json", "not the settings of a model"),
        ("gone.json", "gone.json"),
    ):
        with pytest.raises(SystemExit):
            train.main(options(split, "lightgbm", str(tmp_path / settings)))
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1


def test_unknown_family(tracking: str, split: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A family that is none is answered, in one line, with those that are; no model is left."""
    with pytest.raises(SystemExit):
        train.main(options(split, "xgboost"))
    error = capsys.readouterr().err
    names = "linear, forest, histogram, lightgbm"
    assert error == f"error: train: family 'xgboost' is unknown; choose one of {names}\n"
    assert not mlflow.search_logged_models(output_format="list")


@pytest.mark.parametrize("option", ["--seed", "--threads"])
@pytest.mark.parametrize("value", ["-1", "one"])
def test_bad_number(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A number that cannot be is named with its option, in one line."""
    with pytest.raises(SystemExit):
        train.main([*options("split", "forest"), option, value])
    error = capsys.readouterr().err
    assert f"Invalid value for '{option}': " in error
    assert value in error
    assert error.count("\n") == 1
