"""What a problem keeps no longer goes: whole periods of the log, and predictions nobody needs."""

import time
from datetime import date, timedelta
from pathlib import Path

import mlflow
import pytest

from longhaul import problem_yaml
from longhaul.errors import LonghaulError
from longhaul.production import scored_retention
from longhaul.production.history import PerformanceRecord, PeriodRecord, ProductionHistory
from longhaul.traffic import log_retention
from steps.gc import gc
from tests import tables

RETENTION = "retention: {log: 30, shadow: 10, scored: 30}\n"
TODAY = date(2020, 9, 14)


def seal(log: Path, *paths: str) -> list[Path]:
    """Sealed files; what is in them does not matter here."""
    files = [log / path / "a.parquet" for path in paths]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"rows")
    return files


def test_a_period_of_the_log_goes_as_one(tmp_path: Path) -> None:
    """By the day in the path; the month that the limit falls into stays, and what is undeclared."""
    problem = problem_yaml.load(tables.declare(tmp_path, text=tables.DECLARATION + RETENTION))
    log = tmp_path / "record"
    july, august = seal(log, "predictions/churn-1/2020-07-31", "predictions/churn-1/2020-08-01")
    shadow, newer = seal(log, "shadow/churn-2/2020-08-31", "shadow/churn-2/2020-09-01")
    (losses,) = seal(log, "losses/2020-07-01")
    seal(log, "outcomes/2019-01-01")
    files = log_retention.expired(log, problem, TODAY)
    assert files == {"predictions": [july], "losses": [losses], "shadow": [shadow]}
    log_retention.delete(files)
    assert not july.parent.exists()
    assert august.exists()
    assert newer.exists()
    assert len(list(log.rglob("*.parquet"))) == 3
    later = log_retention.expired(log, problem, TODAY + timedelta(days=31))
    assert later["predictions"] == [august]


def test_retention_is_a_number_of_days(tmp_path: Path) -> None:
    """Nought would delete what has just come."""
    text = tables.DECLARATION + "retention: {log: 0}\n"
    with pytest.raises(LonghaulError, match=r"retention\.log"):
        problem_yaml.load(tables.declare(tmp_path, text=text))


def test_predictions_that_monitoring_needs_stay() -> None:
    """Those of the newest period, and of periods that are not judged yet, of all versions."""
    labels = ["07", "08", "09", "08 2", "07 2"]
    ids = {label: f"{number:032x}" for number, label in enumerate(labels)}

    def record(label: str) -> PeriodRecord:
        uri = f"runs:/{ids[label]}/predictions"
        return PeriodRecord(f"2020-{label[:2]}", "1", "ok", "none", "", "", uri)

    judged = {
        f"2020-{label}": PerformanceRecord(f"2020-{label}", "1", "2020-09", False)
        for label in ("07", "09")
    }
    history = ProductionHistory(
        "churn",
        "run",
        {f"2020-{label}": record(label) for label in ("07", "08", "09")},
        judged,
        parts={f"2020-{label}": record(label) for label in ("07 2", "08 2")},
    )
    needed = {ids[label] for label in ("08", "09", "08 2")}
    assert scored_retention.needed_runs(history) == needed
    assert scored_retention.needed_runs(ProductionHistory("churn")) == set()


def scored_run(days: float, key: str) -> str:
    """A run that ended so many days ago, with predictions."""
    client, experiment = mlflow.MlflowClient(), mlflow.get_experiment_by_name("test")
    run_id = client.create_run(experiment.experiment_id).info.run_id
    client.log_text(run_id, "rows", f"predictions/{key}/2020-07.parquet")
    client.log_text(run_id, "{}", "other.json")
    client.set_terminated(run_id, end_time=int((time.time() - days * 86_400) * 1000))
    return str(run_id)


def test_the_step_says_what_would_go_and_deletes_it(
    tracking: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each kind; other models' predictions and other artifacts stay."""
    declared = tables.declare(tmp_path, text=tables.DECLARATION + RETENTION)
    log = tmp_path / "record"
    (old,) = seal(log, "predictions/churn-1/2020-07-31")
    runs = [scored_run(31, "churn-1"), scored_run(29, "churn-1"), scored_run(31, "churn-b-1")]
    options = {"experiment": "test", "days": "90", "problem": declared, "log": log}
    given = [f"--{name}={value}" for name, value in options.items()]
    gc.main([*given, "--apply=false"])
    printed = capsys.readouterr().out
    assert "log predictions: 1 files would be deleted\n" in printed
    assert "scored: 1 folders would be deleted\n" in printed
    assert old.exists()
    gc.main([*given, "--apply=true"])
    assert "scored: 1 folders deleted\n" in capsys.readouterr().out
    assert not old.exists()
    client = mlflow.MlflowClient()
    left = [bool(client.list_artifacts(run_id, "predictions")) for run_id in runs]
    assert left == [False, True, True]
    assert [info.path for info in client.list_artifacts(runs[0])] in (
        ["other.json"],
        ["other.json", "predictions"],
    )
    gc.main([*given, "--apply=true"])
    assert "scored: 0 folders deleted\n" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        gc.main(["--experiment=test", "--days=90", "--problem=", f"--log={log}", "--apply=false"])
    assert "give problem, too" in capsys.readouterr().err
