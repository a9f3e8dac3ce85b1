"""The backtest step, run as its entry point is."""

from pathlib import Path

import mlflow
import pytest

from longhaul.backtest.policies import POLICIES
from longhaul.tracking import artifacts
from longhaul.tracking.tags import HEADLINE
from steps.backtest import backtest
from tests import monitored_model, tables

OPTIONS = ("--window=expanding", "--seed=0")
LAGS = "--lags=1 day, 30 days"


@pytest.mark.slow
def test_policies_are_compared(tracking: str, tmp_path: Path) -> None:
    """The relation turns in June: whoever trains again without a gate gains, and it is said."""
    monitored_model.champion(tmp_path)
    where = monitored_model.table(tmp_path, turn=5)
    backtest.main(["--model=models:/churn/1", f"--table={where}", LAGS, *OPTIONS])
    run = monitored_model.newest()
    record = artifacts.read_json(f"runs:/{run.info.run_id}/backtest.json")
    assert record["lags"] == ["1 day", "30 days"]
    rows = {(row["policy"], row["lag"]): row for row in record["policies"]}
    assert len(rows) == 2 * len(POLICIES)
    nothing = rows["nothing", "1 day"]
    assert (nothing["trained"], nothing["promoted"], nothing["corrected"]) == (0, 0, 0)
    assert nothing["log_loss_difference"] == {"value": 0, "low": 0, "high": 0}
    always = rows["retrain every period, no gate", "1 day"]
    assert always["trained"] == always["promoted"] == 2
    assert always["log_loss_difference"]["high"] < 0
    assert always["saving"]["low"] > 0
    assert always["seconds"] > 0
    assert rows["retrain every period, no gate", "30 days"]["trained"] == 1
    metrics = run.data.metrics
    assert metrics["nothing/1_day/log_loss"] == nothing["log_loss"]["value"]
    assert metrics["retrain_every_period_no_gate/30_days/trained"] == 1
    assert "\n" not in run.data.tags[HEADLINE]
    page = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/backtest.html")
    assert all(f">{policy.name}<" in page for policy in POLICIES)


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """The line that a backtest ends with."""
    with pytest.raises(SystemExit):
        backtest.main(["--model=models:/churn/1", *options, *OPTIONS])
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_a_model_that_is_not_registered(
    tracking: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line."""
    where = monitored_model.table(tmp_path)
    assert "models:/churn/1" in refusal(capsys, f"--table={where}", LAGS)


def test_a_bad_lag_is_refused_before_anything_is_read(
    tracking: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with the value and an example."""
    error = refusal(capsys, "--table=nowhere", "--lags=1 day, soon")
    assert "lags: 'soon' is not the time that outcomes lag behind" in error
    assert "1 day, 3 days, 2 weeks" in error


@pytest.mark.slow
def test_a_table_without_times_is_refused(
    tracking: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line: days cannot be compared."""
    monitored_model.champion(tmp_path)
    numbers = tables.DECLARATION.replace(
        '{column: churned, positive: "yes"}', "{column: calls, task_type: regression}"
    ).replace("min_auc: 0.6", "min_r2: 0.1")
    where = monitored_model.table(tmp_path, numbers)
    error = refusal(capsys, f"--table={where}", LAGS)
    assert "a backtest compares days of a target with two classes" in error
