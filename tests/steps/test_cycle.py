"""One period in production, with its stages as real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mlflow
import psutil
import pytest
from mlflow.entities import Run

from longhaul.production.history import ProductionHistory
from longhaul.registry import corrections, ledger, promotion
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking.tags import HEADLINE
from steps.cycle import cycle
from tests import corrected, lifecycles, monitored_model, registered, tables

pytestmark = pytest.mark.slow

STEPS = ("score", "recalibrate", "monitor")
TURNED = tables.DECLARATION.replace("{min_rows: 50}", "{min_rows: 50, persistence: [1, 1]}")


def options(home: Path, period: str, **more: Any) -> list[str]:
    given = {
        "problem": home / "churn.yaml",
        "period": period,
        "table": f"file://{home}/table",
        "traffic": "",
        "outcomes": "",
        "window": "sliding",
        "trials": 0,
        "seed": 0,
        "use_cache": "true",
        "fail_on": "never",
        "engine": "local",
        **more,
    }
    return [f"--{name}={value}" for name, value in given.items()]


def run(home: Path, period: str, **more: Any) -> Run:
    """A cycle to its end; its run."""
    cycle.main(options(home, period, **more))
    found = lifecycle("cycle")
    assert found.info.status == "FINISHED"
    return found


def lifecycle(name: str) -> Run:
    """The newest run that says it is a cycle: it has the record of one."""
    runs = mlflow.search_runs(order_by=["attributes.start_time DESC"], output_format="list")
    return next(one for one in runs if f"{name}.json" in names(one))


def names(one: Run) -> set[str]:
    return {found.path for found in mlflow.MlflowClient().list_artifacts(one.info.run_id)}


def everything() -> tuple[Any, ...]:
    """All that a second cycle may not change."""
    life = ProductionHistory.load("churn")
    history = mlflow.MlflowClient().get_metric_history(life.run, "auc/realized")
    stages = mlflow.search_runs(
        filter_string="tags.mlflow.project.entryPoint LIKE '%'", output_format="list"
    )
    return (
        life.digest(),
        promotion.champion("churn"),
        ledger.lines("churn"),
        [(point.step, point.value) for point in history],
        {one.info.run_id for one in stages},
    )


def test_twice_changes_nothing(home: Path) -> None:
    """Scored and watched under the cycle; again, all is reused, and it says so."""
    monitored_model.table(home)
    first = run(home, "2020-07")
    assert set(lifecycles_of(first)) == {f"{step} 2020-07" for step in STEPS}
    before = everything()
    second = run(home, "2020-07")
    assert everything() == before
    assert lifecycles_of(second) == {}
    assert second.data.tags[HEADLINE].startswith("nothing has changed since: version 1: ")


def test_a_level_that_moved_is_corrected_before_it_is_monitored(home: Path) -> None:
    """Monitoring reads the corrected predictions; again, and after the next month, all is reused.

    A month later the level is corrected from the first day.
    """
    changes = dict.fromkeys(("july", "august"), corrected.higher)
    monitored_model.table(home, text=corrected.DAILY, **changes)
    first = run(home, "2020-07")
    made = lifecycles_of(first)["recalibrate 2020-07"]
    predictions = ProductionHistory.load("churn").periods["2020-07"].predictions
    assert predictions == f"runs:/{made.info.run_id}/predictions"
    raw = lifecycles_of(first)["score 2020-07"].data.metrics["log_loss"]
    assert first.data.metrics["log_loss"] == made.data.metrics["log_loss"] < raw - 0.02
    before = everything()
    assert "nothing has changed" in run(home, "2020-07").data.tags[HEADLINE]
    assert everything() == before
    second = run(home, "2020-08")
    rows = lifecycles_of(second)["recalibrate 2020-08"].data.metrics
    assert rows["corrected_rows"] == rows["rows"]
    newest = corrections.source(corrected.model())
    assert "nothing has changed" in run(home, "2020-07").data.tags[HEADLINE]
    assert corrections.source(corrected.model()) == newest
    assert [line.move for line in ledger.lines("churn")] == ["promote", "correction on"]


def lifecycles_of(parent: Run) -> dict[str, Run]:
    found = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'", output_format="list"
    )
    return {one.info.run_name: one for one in found}


def test_evidence_trains_a_challenger_that_takes_over(home: Path) -> None:
    """The relation turns: the champion is replaced on evidence, and every period keeps its own.

    Done again, each period is still that of the version that was in charge of it.
    """
    monitored_model.table(home, text=TURNED, turn=2)
    first = run(home, "2020-07")
    outcome = artifacts.read_json(f"runs:/{first.info.run_id}/cycle.json")
    assert outcome["decision"]["action"] == "retrain"
    assert outcome["retrained"]["promoted"] == "2"
    assert promotion.champion("churn") == "2"
    newest = ledger.lines("churn")[-1]
    assert "trained again on the evidence of 2020-07" in newest.reason
    judged, served = newest.evidence.split()
    assert judged == outcome["retrained"]["evidence"]
    assert artifacts.read_json(f"runs:/{served}/deployment.json")["model"] == "models:/churn/2"
    assert ProductionHistory.load("churn").retrainings["2020-07"]["promoted"] == "2"
    page = mlflow.artifacts.load_text(f"runs:/{ProductionHistory.load('churn').run}/life.html")
    assert "Version 2 took over" in page

    before = everything()
    assert "nothing has changed" in run(home, "2020-07").data.tags[HEADLINE]
    assert everything() == before
    assert (
        artifacts.read_json(f"runs:/{run(home, '2020-08').info.run_id}/cycle.json")["version"]
        == "2"
    )
    assert ProductionHistory.load("churn").periods["2020-07"].version == "1"


def look_of(one: Run) -> dict[str, Any]:
    """Return the look at the challenger that waited, from the record of a cycle."""
    found: dict[str, Any] = artifacts.read_json(f"runs:/{one.info.run_id}/cycle.json")["look"]
    return found


def test_an_undecided_challenger_waits_until_a_bound_decides(home: Path) -> None:
    """Better in July, but not beyond doubt: with August it is, and takes over.

    The champion predicts both months. Done again, neither cycle changes anything.
    """
    monitored_model.table(home, text=TURNED, turn=5)
    first = run(home, "2020-07")
    outcome = artifacts.read_json(f"runs:/{first.info.run_id}/cycle.json")
    waits = outcome["retrained"]
    assert (waits["outcome"], waits["promoted"], waits["waiting"]) == ("undecided", None, "2")
    assert outcome["look"] is None
    assert "version 2 is undecided and waits" in first.data.tags[HEADLINE]
    assert registered.aliases("churn") == {"champion": "1", "challenger": "2"}
    assert registered.stages("churn")["2"] == "Staging"
    before = everything()
    assert "nothing has changed" in run(home, "2020-07").data.tags[HEADLINE]
    assert everything() == before

    second = run(home, "2020-08")
    look = look_of(second)
    assert (look["challenger"], look["judged_on"], look["look"]) == ("2", "2020-08", 2)
    assert (look["outcome"], look["promoted"]) == ("promote", "2"), look["reason"]
    assert "version 2 took over (look 2 of 3, at 2020-08)" in second.data.tags[HEADLINE]
    assert registered.aliases("churn") == {"champion": "2"}
    newest = ledger.lines("churn")[-1]
    assert newest.reason.startswith("look 2 of 3, at 2020-08: ")
    assert newest.evidence == look["evidence"]
    assert ProductionHistory.load("churn").periods["2020-08"].version == "1"
    before = everything()
    assert look_of(run(home, "2020-08")) == look
    assert everything() == before


def test_the_last_look_refuses(home: Path) -> None:
    """Looks are used up: the alias goes, the stage is Archived, the ledger says why."""
    text = TURNED.replace("max_calibration_error: 0.2", "max_calibration_error: 0.2, looks: 2")
    text = text.replace("looks: 2", "looks: 2, confidence: 0.99999999")
    monitored_model.table(home, text=text, turn=5)
    run(home, "2020-07")
    second = run(home, "2020-08")
    look = look_of(second)
    assert (look["outcome"], look["promoted"], look["look"]) == ("refuse", None, 2)
    newest = next(line for line in ledger.lines("churn") if line.move == "refuse")
    assert newest.reason.startswith("version 2 refused: look 2 of 2, at 2020-08: log loss lower")
    assert (newest.before, newest.after, newest.state) == ("1", "1", "done")
    assert registered.stages("churn")["2"] == "Archived"
    assert registered.aliases("churn").get("challenger") != "2"
    assert promotion.champion("churn") == "1"
    assert ledger.champion_stack(ledger.lines("churn")) == ["1"]
    before = everything()
    assert look_of(run(home, "2020-08")) == look
    assert everything() == before


def test_a_challenger_that_loses_is_kept_and_explained(home: Path) -> None:
    """The champion stays; the challenger's run, its verdict and the reason are there."""
    strict = TURNED.replace("max_calibration_error: 0.2", "max_calibration_error: 0.2, margin: 5")
    monitored_model.table(home, text=strict, turn=5)
    found = artifacts.read_json(f"runs:/{run(home, '2020-07').info.run_id}/cycle.json")
    lost = found["retrained"]
    assert (lost["passed"], lost["promoted"]) == (False, None)
    assert "must be above 5" in lost["reason"]
    assert promotion.champion("churn") == "1"
    assert logged_models.load(lost["candidate"]).predictor.family == "lightgbm"
    assert ProductionHistory.load("churn").retrainings["2020-07"] == lost


def test_from_the_source_alone(home: Path) -> None:
    """As from cron: without a table, it is made of the problem's source first.

    A broken period is to be repaired, and is not predicted; the periods around it go on. What
    broke the contract may be accepted, and then it is predicted, too.
    """
    frame = tables.churn(rows_per_month=400, seed=1)
    frame.loc[frame["day"].dt.month == 8, "plan"] = "student"
    tables.declare(home, frame)
    found = run(home, "2020-07", table="")
    assert set(lifecycles_of(found)) == {
        "ingest",
        "validate",
        *(f"{step} 2020-07" for step in STEPS),
    }
    found = run(home, "2020-08", table="")
    assert set(lifecycles_of(found)) == {"monitor 2020-08"}
    decision = artifacts.read_json(f"runs:/{found.info.run_id}/cycle.json")["decision"]
    assert (decision["level"], decision["action"]) == ("act", "repair")
    assert decision["reason"].startswith("repair the data: column 'plan': expected at most")
    life = ProductionHistory.load("churn")
    assert (life.periods["2020-08"].action, life.periods["2020-08"].predictions) == ("repair", "")
    page = mlflow.artifacts.load_text(f"runs:/{life.run}/life.html")
    assert ">2020-08</a>" in page
    found = run(home, "2020-09", table="")
    assert set(lifecycles_of(found)) == {*(f"{step} 2020-09" for step in STEPS)}
    assert sorted(ProductionHistory.load("churn").performance) == ["2020-07", "2020-09"]
    # The new category is lawful: accepted, the period is as good as the others.
    (ingested,) = mlflow.search_runs(
        filter_string="attributes.run_name = 'ingest'", output_format="list"
    )
    accepted = {"table": f"runs:/{ingested.info.run_id}/table", "column": "plan"}
    accepted |= {"values": "student", "reason": "a plan for students, since August"}
    who = {name: os.environ[name] for name in ("MLFLOW_TRACKING_URI",)}
    where = str(lifecycles.REPOSITORY)
    lifecycles.run(home, where, "accept", who=who, **accepted)
    found = run(home, "2020-08", table="")
    assert set(lifecycles_of(found)) == {"validate", *(f"{step} 2020-08" for step in STEPS)}
    assert ProductionHistory.load("churn").periods["2020-08"].action != "repair"


def start(home: Path, period: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "steps.cycle", *options(home, period)],
        cwd=lifecycles.REPOSITORY,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "MLFLOW_EXPERIMENT_NAME": "test"},
    )


def test_two_at_once(home: Path) -> None:
    """One does it, the other waits and finds it done: one record, one promotion."""
    monitored_model.table(home, text=TURNED, turn=2)
    both = [start(home, "2020-07") for _ in range(2)]
    printed = [process.communicate(timeout=lifecycles.SECONDS)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], printed
    assert sum("nothing has changed" in text for text in printed) == 1
    promotions = [line for line in ledger.lines("churn") if line.state == "done"]
    assert [line.after for line in promotions] == ["1", "2"]
    assert promotion.champion("churn") == "2"
    for name in ("score 2020-07", "monitor 2020-07", "retrain 2020-07"):
        found = mlflow.search_runs(
            filter_string=f"attributes.run_name = '{name}'", output_format="list"
        )
        assert len(found) == 1


@pytest.mark.nightly
def test_killed_while_it_trains(home: Path) -> None:
    """SIGKILL: no process and no open run is left behind; again, it finishes what was cut off."""
    monitored_model.table(home, text=TURNED, turn=2)
    process = start(home, "2020-07")
    while not mlflow.search_runs(
        filter_string="attributes.run_name = 'train lightgbm'", output_format="list"
    ):
        assert process.poll() is None
        time.sleep(0.05)
    family = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=lifecycles.SECONDS)
    _, alive = psutil.wait_procs(family, timeout=120)
    assert alive == []
    assert promotion.champion("churn") == "1"
    run(home, "2020-07")
    assert promotion.champion("churn") == "2"
    for name, count in (("score 2020-07", 1), ("monitor 2020-07", 1), ("train lightgbm", 2)):
        found = mlflow.search_runs(
            filter_string=f"attributes.run_name = '{name}'", output_format="list"
        )
        assert len(found) <= count, name
    assert mlflow.search_runs(filter_string="attributes.status = 'RUNNING'").empty


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"period": "2021-01"}, "period: '2021-01' is not in the table"),
        ({"period": "2020-06"}, "period 2020-06: version 1 of churn has seen data up to 2020-06"),
        ({"window": "wide"}, "Invalid value for '--window'"),
        ({"problem": "gone"}, "problem: 'gone' is neither"),
    ],
)
def test_bad_input_is_one_line(
    home: Path, capfd: pytest.CaptureFixture[str], changes: dict[str, str], message: str
) -> None:
    """What was wrong; nothing is on record, and the lock is free."""
    monitored_model.table(home)
    with pytest.raises(SystemExit) as ended:
        cycle.main(options(home, **{"period": "2020-07", **changes}))
    assert ended.value.code
    assert message in capfd.readouterr().err
    assert ProductionHistory.load("churn").periods == {}
    assert "churn.cycle.lock" not in {
        one.name for one in mlflow.MlflowClient().search_registered_models()
    }


def test_the_alarm_of_a_cycle(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its own exit code, where asked, and a line that is no error; its work is done."""
    monitored_model.table(home, july=lambda rows: rows.head(20))
    with pytest.raises(SystemExit) as ended:
        cycle.main(options(home, "2020-07", fail_on="watch"))
    assert ended.value.code == 3
    assert "alarm: cycle: version 1: watch, " in capfd.readouterr().err
    assert ProductionHistory.load("churn").periods["2020-07"].level == "watch"
