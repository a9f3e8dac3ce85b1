"""A candidate that passed is served before it takes over, by real steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow
import pytest

from longhaul.pipeline import composite
from longhaul.pipeline.flow import FinishedStep, open_flow
from longhaul.registry import ledger, promotion
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking.tags import SERVING_REFUSAL
from longhaul.training import candidate as candidates
from tests import packages, registered, tables
from tests.receivers import Receiver

FILE = Path(__file__).with_name("batch_family.py")

pytestmark = pytest.mark.slow


@pytest.fixture
def split(tracking: str, tmp_path: Path) -> str:
    """The URI of the customers' windows."""
    return f"file://{packages.split(tmp_path)}"


def candidate(folder: Path, family: str = "linear", files: Sequence[Path] = ()) -> str:
    """The URI of a model."""
    frame = tables.churn(rows_per_month=200)
    month = frame["day"].dt.strftime("%Y-%m")
    train, valid = frame[month <= "2020-04"], frame[month == "2020-05"]
    fitted = candidates.fit(tables.problem(folder), train, valid, family, {}, 0, 1, files)
    with mlflow.start_run():
        return logged_models.log(fitted.package, tables.churn(2))


def settle(model: str, split: str, champion: str, **more: object) -> tuple[str, dict[str, Any]]:
    """Settle a candidate that passed the gate; the run that judged it, and the outcome."""
    check = {"passed": True, "reason": "lower log loss"}
    verdict = {"passed": True, "candidate": model, "checks": [check], "metrics": {}, **more}
    with mlflow.start_run() as run:
        mlflow.log_dict(verdict, "verdict.json")
    judged = FinishedStep("evaluate", run.info.run_id, False, "passed", {})
    with mlflow.start_run(), open_flow(True) as flow:
        settled = composite.settle(flow, model, judged, "it is better", champion, split)
    return run.info.run_id, settled


def test_only_what_can_be_served_takes_over(split: str, tmp_path: Path, hook: Receiver) -> None:
    """The first is served, then promoted; the second answers otherwise alone than in a batch."""
    run_id, settled = settle(candidate(tmp_path), split, "none")
    assert (settled["outcome"], settled["promoted"]) == ("promote", "1")
    [promoted] = ledger.lines("churn")
    judged, served = promoted.evidence.split()
    assert judged == run_id
    report = artifacts.read_json(f"runs:/{served}/deployment.json")
    assert report["model"] == "models:/churn/1"
    assert report["parity"]["largest_difference"] < 1e-12

    wrong = candidate(tmp_path, "batch", [FILE])
    _, settled = settle(wrong, split, "1")
    assert (settled["outcome"], settled["promoted"], settled["waiting"]) == ("refuse", None, None)
    assert settled["reason"].startswith("it cannot be served: ")
    assert registered.aliases("churn") == {"champion": "1"}
    _, refused = ledger.lines("churn")
    assert refused.move == "refuse"
    assert "version 2 refused: it cannot be served" in refused.reason
    tags = mlflow.get_run(refused.evidence).data.tags
    assert settled["reason"].endswith(tags[SERVING_REFUSAL])
    assert [message["event"] for message in hook.messages] == ["promote", "refuse"]


def test_approval_comes_after_serving(split: str, tmp_path: Path) -> None:
    """It waits as challenger, and `main` says how to approve it; then it is champion for good."""
    model = candidate(tmp_path)
    _, settled = settle(model, split, "none", approval="required")
    assert (settled["outcome"], settled["promoted"], settled["waiting"]) == ("approval", None, "1")
    assert registered.aliases("churn") == {"challenger": "1"}
    runs = mlflow.search_runs(filter_string="attributes.run_name = 'deploy'", output_format="list")
    assert [run.info.status for run in runs] == ["FINISHED"]
    promotion.promote("churn", "1", "the board agrees")
    settle(model, split, "none", approval="required")
    assert registered.aliases("churn") == {"champion": "1"}
