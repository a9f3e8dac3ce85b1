"""The score stage, run as its entry point is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from longhaul.data import parquet, problem_copy
from longhaul.data.labels import outcomes
from longhaul.data.table import PeriodTable
from longhaul.model import predictions
from longhaul.model.predictions import Provenance
from longhaul.problem import Target
from longhaul.tasks.metrics import measure
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking.tags import HEADLINE
from steps.score import score
from tests import packages, tables

Change = Callable[[pd.DataFrame], pd.DataFrame]

NOW = datetime(2020, 8, 1, tzinfo=UTC)


def write(folder: Path, change: Change = lambda rows: rows) -> str:
    """A table folder with July in it, after some change."""
    frame = tables.churn(rows_per_month=200, seed=1)
    table = folder / "table"
    table.mkdir()
    problem_copy.write(table, tables.problem(folder))
    july = frame[frame["day"].dt.strftime("%Y-%m") == "2020-07"]
    parquet.write(change(july), PeriodTable(table).path("2020-07"))
    return str(table)


def run(model: str, table: str) -> tuple[Any, pd.DataFrame]:
    """The run of a stage that finished, and its predictions."""
    score.main(["--model", model, "--table", table, "--period", "2020-07", "--engine", "local"])
    found = mlflow.search_runs(order_by=["attributes.start_time DESC"], output_format="list")[0]
    assert found.info.status == "FINISHED"
    [file] = artifacts.fetch(f"runs:/{found.info.run_id}/predictions").rglob("2020-07.parquet")
    return found, pd.read_parquet(file).assign(key=file.parent.name)


def test_a_period_is_predicted_and_measured(linear: str, tmp_path: Path) -> None:
    """Predictions are the model's, in order, with their outcome; a metric's step is the period."""
    table = write(tmp_path)
    found, written = run(linear, table)
    frame, problem = PeriodTable(Path(table)).read(["2020-07"]), PeriodTable(Path(table)).problem
    predictor = logged_models.load(linear).predictor
    expected = predictor.scores(frame)
    assert expected.tolist() == written["probability"].tolist()
    assert list(range(len(frame))) == written["row"].tolist()
    assert predictor.decide(expected).tolist() == written["decision"].tolist()
    assert outcomes(frame, problem.target).tolist() == written["outcome"].tolist()
    assert frame["day"].tolist() == written["day"].tolist()
    run_id = linear.split("/")[1]
    assert {("2020-07", run_id, "", run_id)} == set(
        written[["period", "model", "version", "key"]].itertuples(index=False, name=None)
    )
    metrics = measure(outcomes(frame, problem.target), expected)
    assert metrics.items() <= found.data.metrics.items()
    [auc] = mlflow.MlflowClient().get_metric_history(found.info.run_id, "auc")
    assert auc.step == 202007
    headline = f"AUC {metrics['auc']:.3f}, log loss {metrics['log_loss']:.4g}"
    assert f"2020-07: {len(frame)} rows, {headline}" == found.data.tags[HEADLINE]


def test_a_registered_version_keeps_its_name(linear: str, tmp_path: Path) -> None:
    """An alias is resolved, so that the predictions say which version made them."""
    mlflow.register_model(linear, "churn")
    mlflow.MlflowClient().set_registered_model_alias("churn", "champion", "1")
    table = write(tmp_path)
    for uri in ("models:/churn@champion", "models:/churn/1"):
        _, written = run(uri, table)
        assert {("churn", "1", "churn-1")} == set(
            written[["model", "version", "key"]].itertuples(index=False, name=None)
        )


@pytest.mark.parametrize(
    ("change", "headline", "known"),
    [
        (lambda f: f.drop(columns="churned"), "rows, no outcome known yet", 0),
        (lambda f: f.assign(churned=None), "rows, no outcome known yet", 0),
        (lambda f: f.assign(churned=f["churned"].where(f["calls"] > 2)), "with an outcome, AUC", 1),
        (lambda f: f.assign(churned="no"), "rows, all negative, log loss", 1),
        (lambda f: f.assign(churned="yes").head(1), "1 row, all positive, log loss", 1),
        (lambda f: f.head(0), "0 rows", 0),
        (lambda f: f.drop(columns=["calls", "plan"]), "rows, AUC", 1),
    ],
)
def test_what_a_period_may_lack(
    linear: str, tmp_path: Path, change: Change, headline: str, known: int
) -> None:
    """Outcomes, a class, rows or features: it is scored, and the headline says so."""
    found, written = run(linear, write(tmp_path, change))
    assert headline in found.data.tags[HEADLINE]
    assert bool(known) == ("log_loss" in found.data.metrics)
    assert len(written) == found.data.metrics["rows"]
    assert bool(known) == bool(written["outcome"].notna().any())


def test_batches_are_no_difference(tmp_path: Path) -> None:
    """Seven rows at a time or all at once: the same predictions, row for row."""
    table = Path(write(tmp_path, lambda f: f.assign(churned=f["churned"].where(f["calls"] > 2))))
    predictor = packages.fit(tmp_path, "lightgbm").package.predictor
    source, origin = PeriodTable(table).path("2020-07"), Provenance("2020-07", "churn", "1", NOW)
    for rows in (7, 10_000):
        target = tmp_path / f"{rows}.parquet"
        predictions.write(source, target, predictor, PeriodTable(table).problem, origin, rows)
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "7.parquet"), pd.read_parquet(tmp_path / "10000.parquet")
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"period": "2021-07"}, "period: '2021-07' is not in the table; it has 2020-07"),
        ({"model": "models:/nobody@champion"}, "model 'nobody': "),
        ({"table": "/nowhere"}, "/nowhere: cannot fetch this artifact"),
    ],
)
def test_bad_input_is_one_line(
    linear: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    message: str,
) -> None:
    """A period, a model or a table that is not there."""
    options = {"model": linear, "table": write(tmp_path), "period": "2020-07"}
    options |= {"engine": "local"} | change
    with pytest.raises(SystemExit):
        score.main([part for name, value in options.items() for part in (f"--{name}", value)])
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_model_of_something_else_is_refused(
    linear: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its probabilities are not held to outcomes that it knows nothing of."""
    table = Path(write(tmp_path))
    text = (table / "problem.yaml").read_text().replace("positive: 'yes'", "positive: 'no'")
    (table / "problem.yaml").write_text(text)
    with pytest.raises(SystemExit):
        score.main(
            ["--model", linear, "--table", str(table), "--period", "2020-07", "--engine", "local"]
        )
    assert "it predicts churned = yes, but the table's target is churned = no" in (
        capsys.readouterr().err
    )


def test_a_target_of_booleans_with_gaps_is_read(linear: str, tmp_path: Path) -> None:
    """Known outcomes are known, the others are not, whatever type the column has."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        known = (rows["churned"] == "yes").astype(object)
        known.iloc[::2] = None
        return rows.assign(churned=known)

    table = Path(write(tmp_path, change))
    problem = replace(PeriodTable(table).problem, target=Target("churned", positive="1"))
    target = tmp_path / "written.parquet"
    origin = Provenance("2020-07", "m", "", NOW)
    predictor = logged_models.load(linear).predictor
    predictions.write(PeriodTable(table).path("2020-07"), target, predictor, problem, origin)
    outcome = pd.read_parquet(target)["outcome"]
    raw = PeriodTable(table).read(["2020-07"])["churned"]
    assert outcome.isna().tolist() == raw.isna().tolist()
    assert outcome.dropna().tolist() == raw.dropna().tolist()


def validated(folder: Path, problem: str = "churn", status: str = "FINISHED") -> str:
    """A run of validate that has a table of a problem; its id."""
    folder.mkdir()
    table = Path(write(folder))
    copy = table / "problem.yaml"
    copy.write_text(copy.read_text().replace("name: churn", f"name: {problem}"))
    with mlflow.start_run(tags={"mlflow.project.entryPoint": "validate"}) as made:
        mlflow.log_artifacts(str(table), "table")
    mlflow.MlflowClient().set_terminated(made.info.run_id, status)
    return str(made.info.run_id)


def test_without_a_table_the_newest_clean_one(
    linear: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the model's own problem, by a validation that finished; it is named, and in a tag."""
    validated(tmp_path / "older")
    newest = validated(tmp_path / "newest")
    validated(tmp_path / "failed", status="FAILED")
    validated(tmp_path / "other", problem="other")
    found, _ = run(linear, "")
    assert found.data.tags["longhaul.table"] == f"runs:/{newest}/table"
    printed = capsys.readouterr().err
    assert f"table: runs:/{newest}/table, the newest clean one of churn" in printed


def test_without_any_clean_table(
    linear: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what to run first; another experiment's table is none."""
    validated(tmp_path / "elsewhere")
    mlflow.set_experiment("empty")
    try:
        with pytest.raises(SystemExit):
            run(linear, "")
    finally:
        mlflow.set_experiment("test")
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert line.startswith("error: score: table: no run of validate in this experiment has")
    assert "run main first" in line
