"""The backtest step, run as its entry point is."""

from pathlib import Path

import mlflow
import pytest

from longhaul.backtest.policies import POLICIES
from longhaul.tracking import artifacts
from steps.backtest import backtest
from tests import monitored_model

OPTIONS = ("--window=expanding", "--seed=0")


@pytest.mark.slow
def test_policies_are_compared(tracking: str, tmp_path: Path) -> None:
    """The relation turns in June: whoever trains again without a gate gains, and it is said."""
    monitored_model.champion(tmp_path)
    where = monitored_model.table(tmp_path, turn=5)
    backtest.main(["--model=models:/churn/1", f"--table={where}", *OPTIONS])
    run = monitored_model.newest()
    found = artifacts.read_json(f"runs:/{run.info.run_id}/backtest.json")
    rows = {row["policy"]: row for row in found["policies"]}
    assert list(rows) == [policy.name for policy in POLICIES]
    assert (rows["never"]["trained"], rows["never"]["promoted"]) == (0, 0)
    assert rows["never"]["log_loss_difference"] == {"value": 0, "low": 0, "high": 0}
    always = rows["every period, no gate"]
    assert always["trained"] == always["promoted"] == 2
    assert always["log_loss_difference"]["high"] < 0
    assert always["seconds"] > 0
    assert run.data.metrics["never/log_loss"] == rows["never"]["log_loss"]["value"]
    page = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/backtest.html")
    assert all(f">{name}<" in page for name in rows)


def test_a_model_that_is_not_registered(
    tracking: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line."""
    where = monitored_model.table(tmp_path)
    with pytest.raises(SystemExit):
        backtest.main(["--model=models:/churn/1", f"--table={where}", *OPTIONS])
    error = capsys.readouterr().err
    assert "models:/churn/1" in error
    assert error.count("\n") == 1
