"""Only a candidate with a verdict of its own that says passed becomes a version."""

from pathlib import Path

import mlflow
import pytest

from longhaul.registry import challengers, ledger, versions
from longhaul.registry.challengers import WaitingChallenger
from longhaul.tracking import artifacts, logged_models
from steps.promote import promote
from steps.refuse import refuse
from steps.register import register
from tests import packages, registered, tables
from tests.receivers import Receiver


@pytest.fixture
def candidate(tracking: str, tmp_path: Path) -> str:
    """The URI of a logged model."""
    fitted = packages.fit(tmp_path, "linear")
    with mlflow.start_run():
        return logged_models.log(fitted.package, tables.churn().head())


def judge(candidate: str, passed: object = True, **more: object) -> str:
    """The URI of a verdict."""
    checks = [
        {"name": "auc", "passed": True, "figure": 0.9, "limit": 0.6, "reason": "fine"},
        {"name": "rows", "passed": passed, "figure": 3, "limit": 50, "reason": "3 rows, not 50"},
    ]
    figures = {"log_loss": {"value": 0.41234, "low": 0.4, "high": None}}
    verdict = {
        "passed": passed,
        "outcome": "promote" if passed is True else "refuse",
        "checks": checks,
        "candidate": candidate,
        "champion": None,
    }
    with mlflow.start_run() as run:
        mlflow.log_dict({**verdict, "metrics": figures, "threshold": 0.3, **more}, "verdict.json")
    return f"runs:/{run.info.run_id}/verdict.json"


def refused(candidate: str, verdict: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a refusal, which registers nothing."""
    with pytest.raises(SystemExit):
        register.main(["--candidate", candidate, "--verdict", verdict])
    assert mlflow.MlflowClient().search_registered_models() == []
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    (line,) = lines
    return line


def test_passed_candidate_is_challenger(candidate: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A version in Staging with the verdict's figures; the run says which; again is the same."""
    verdict = judge(candidate)
    for _ in range(2):
        register.main(["--candidate", candidate, "--verdict", verdict])
        assert capsys.readouterr().out == "churn version 1: challenger, Staging\n"
    run = mlflow.last_active_run()
    expected = {"name": "churn", "version": "1", "uri": "models:/churn/1"}
    assert artifacts.read_json(f"runs:/{run.info.run_id}/version.json") == expected
    assert run.data.tags["longhaul.version"] == "models:/churn/1"
    assert registered.aliases("churn") == {"challenger": "1"}
    assert registered.stages("churn") == {"1": "Staging"}
    tags = versions.version("churn", "1").tags
    assert (tags["test_log_loss"], tags["test_log_loss_low"]) == ("0.4123", "0.4000")
    assert "test_log_loss_high" not in tags
    assert tags["longhaul.outcome"] == "promote"
    assert "| log loss | 0.4123 | 0.4000 | – |" in versions.version("churn", "1").description
    predicted = mlflow.pyfunc.load_model("models:/churn@challenger").predict(tables.churn().head())
    assert predicted["probability"].between(0, 1).all()


def test_refusals_are_one_line(candidate: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The gate's own reason; a verdict on another model; what is no verdict. Closed by default."""
    line = refused(candidate, judge(candidate, passed=False), capsys)
    assert line == f"error: register: {candidate}: refused by the gate: 3 rows, not 50"
    assert "refused by the gate" in refused(candidate, judge(candidate, passed="true"), capsys)
    worse = [{"passed": False, "reason": "AUC 0.5"}, {"passed": False, "reason": "3 rows"}]
    line = refused(candidate, judge(candidate, passed=False, checks=worse), capsys)
    assert line.endswith("refused by the gate: AUC 0.5; 3 rows")
    line = refused(candidate, judge("runs:/another/model"), capsys)
    assert f"a verdict on runs:/another/model, not on {candidate}" in line
    with mlflow.start_run() as run:
        mlflow.log_dict({"metrics": {}}, "other.json")
    line = refused(candidate, f"runs:/{run.info.run_id}/other.json", capsys)
    assert line.endswith("not a verdict; give the verdict.json of evaluate")


def test_approval_is_waited_for_or_replaced(
    candidate: str, capsys: pytest.CaptureFixture[str], hook: Receiver
) -> None:
    """Somebody promotes it or refuses it with a reason; both are in the ledger, and are alerts."""
    register.main(["--candidate", candidate, "--verdict", judge(candidate, approval="required")])
    assert capsys.readouterr().out == "churn version 1: challenger, Staging, waits for approval\n"
    assert challengers.waiting("churn") is None  # no further look is needed
    assert challengers.undecided_or_unapproved("churn") == "1"
    more = ["--evidence", ""]
    refuse.main(["--model", "models:/churn@challenger", "--reason", "unfair to the young", *more])
    assert capsys.readouterr().out == "churn: version 1 is refused\n"
    assert registered.aliases("churn") == {}
    [line] = ledger.lines("churn")
    assert (line.move, line.state) == ("refuse", "done")
    assert line.reason == "version 1 refused: unfair to the young"
    with pytest.raises(SystemExit):
        refuse.main(["--model", "models:/churn/1", "--reason", "once more", *more])
    assert "version 1 is not the challenger; nothing was changed" in capsys.readouterr().err
    register.main(["--candidate", candidate, "--verdict", judge(candidate, approval="required")])
    more += ["--expected_champion", "any", "--share", "1"]
    promote.main(["--model", "models:/churn@challenger", "--reason", "the board agrees", *more])
    assert registered.aliases("churn") == {"champion": "1"}
    assert [message["event"] for message in hook.messages] == ["refuse", "promote"]


def test_an_undecided_candidate_waits(candidate: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Challenger in Staging, with its looks and the last period it was judged on."""
    windows = {"test": ["2020-06", "2020-06"], "candidate": {}, "champion": None}
    verdict = judge(candidate, passed=False, outcome="undecided", look=1, looks=3, windows=windows)
    register.main(["--candidate", candidate, "--verdict", verdict])
    printed = capsys.readouterr().out
    assert printed == "churn version 1: challenger, Staging, undecided after look 1 of 3\n"
    assert challengers.waiting("churn") == WaitingChallenger("1", verdict, 1, "2020-06")
    assert registered.stages("churn") == {"1": "Staging"}
