"""The monitor stage, run as its entry point is, on periods of every kind."""

import http.server
import json
import threading
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from longhaul.production.history import ProductionHistory
from longhaul.tracking import artifacts
from longhaul.tracking.tags import ACTION, HEADLINE, LEVEL
from tests import monitored_model, tables

LAG = tables.DECLARATION.replace("{min_rows: 50}", "{min_rows: 50, label_lag: 1}")


def test_a_period_like_those_before(home: Path) -> None:
    """Ok; the figures are those of the predictions, in the run and on record, by period."""
    where = monitored_model.table(home)
    run = monitored_model.watch(where, "2020-07")
    assert run.info.status == "FINISHED"
    found = monitored_model.told(run)
    scored = artifacts.fetch(ProductionHistory.load("churn").periods["2020-07"].predictions)
    rows = pd.read_parquet(scored / "churn-1" / "2020-07.parquet")
    auc = roc_auc_score(rows["outcome"].astype(bool), rows["probability"])
    assert found["rows"] == len(rows)
    (truth,) = found["truths"]
    assert truth["realized"]["auc"]["value"] == pytest.approx(auc, abs=2e-3)
    assert truth["errors"]["auc"] == pytest.approx(
        found["expected"]["auc"]["value"] - truth["realized"]["auc"]["value"]
    )
    assert run.data.metrics["auc/realized"] == pytest.approx(auc, abs=2e-3)
    assert run.data.tags[LEVEL] == found["decision"]["level"]
    assert run.data.tags[ACTION] != "retrain"
    assert run.data.tags[HEADLINE].startswith(found["decision"]["level"])


def test_the_life_is_one_run(home: Path) -> None:
    """Three periods: one run, a point for each, at its digits and its end; and one page."""
    where = monitored_model.table(home)
    for period in ("2020-07", "2020-08", "2020-09"):
        monitored_model.watch(where, period)
    life = ProductionHistory.load("churn")
    assert sorted(life.periods) == ["2020-07", "2020-08", "2020-09"]
    history = mlflow.MlflowClient().get_metric_history(life.run, "auc/realized")
    assert [point.step for point in history] == [202007, 202008, 202009]
    ends = [pd.Timestamp(point.timestamp, unit="ms") for point in history]
    assert ends == [pd.Timestamp(f"2020-{month}-01") for month in ("08", "09", "10")]
    page = mlflow.artifacts.load_text(f"runs:/{life.run}/life.html")
    assert all(f">{period}</a>" in page for period in life.periods)
    assert mlflow.get_run(life.run).info.status == "FINISHED"


def test_again_says_the_same(home: Path) -> None:
    """A period that is watched twice leaves one record and the same points."""
    where = monitored_model.table(home)
    first = monitored_model.told(monitored_model.watch(where, "2020-07"))
    assert monitored_model.told(monitored_model.watch(where, "2020-07")) == first
    life = ProductionHistory.load("churn")
    assert list(life.periods) == list(life.performance) == ["2020-07"]
    history = mlflow.MlflowClient().get_metric_history(life.run, "auc/realized")
    assert len({(point.step, point.value) for point in history}) == 1


def test_a_relation_that_turns_asks_for_training(home: Path) -> None:
    """Watched at first, acted on when it lasts; the expectation is blind until outcomes come."""
    where = monitored_model.table(home, turn=6)
    first, second = (monitored_model.watch(where, period) for period in ("2020-07", "2020-08"))
    assert first.data.tags[LEVEL] == "watch"
    assert (second.data.tags[LEVEL], second.data.tags[ACTION]) == ("act", "retrain")
    (truth,), (later,) = (monitored_model.told(run)["truths"] for run in (first, second))
    assert truth["fell"] is later["fell"] is True
    assert truth["errors"]["auc"] > 0.2
    assert abs(later["errors"]["auc"]) < 0.1
    assert truth["causes"]["concept_shift"]["value"] > abs(truth["causes"]["covariate_shift"])


def test_labels_that_come_late(home: Path) -> None:
    """With a lag of one period, each tells what the one before it was worth."""
    where = monitored_model.table(home, text=LAG)
    first = monitored_model.told(monitored_model.watch(where, "2020-07"))
    assert first["truths"] == []
    assert first["expected"]["auc"]["value"] > 0.5
    second = monitored_model.told(monitored_model.watch(where, "2020-08"))
    assert [truth["period"] for truth in second["truths"]] == ["2020-07"]
    life = ProductionHistory.load("churn")
    assert life.performance["2020-07"].known_in == "2020-08"
    history = mlflow.MlflowClient().get_metric_history(life.run, "auc/realized")
    assert [point.step for point in history] == [202007]


def test_labels_that_never_come(home: Path) -> None:
    """Insufficient data, period after period; when they come at last, all is made up for."""
    without = dict.fromkeys(("july", "august"), _without_outcome)
    where = monitored_model.table(home, **without)
    for period in ("2020-07", "2020-08"):
        run = monitored_model.watch(where, period)
        found = monitored_model.told(run)
        assert found["decision"]["level"] == "watch"
        assert "insufficient data: no outcome" in found["decision"]["reason"]
    assert ProductionHistory.load("churn").performance == {}
    first = ProductionHistory.load("churn")
    monitored_model.table(home)
    found = monitored_model.told(monitored_model.watch(where, "2020-09"))
    assert [truth["period"] for truth in found["truths"]] == ["2020-07", "2020-08", "2020-09"]
    then = ProductionHistory.load("churn")
    assert then.performance["2020-07"].degraded is False
    assert then.before("2020-08").digest() == first.before("2020-08").digest()


def _without_outcome(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(churned=pd.Series([None] * len(rows), dtype="str"))


@pytest.mark.parametrize(
    ("change", "level", "action", "words"),
    [
        (lambda rows: rows.head(0), "watch", "look", "insufficient data: no rows of 50"),
        (lambda rows: rows.head(20), "watch", "look", "insufficient data: 20 rows of 50"),
        (
            lambda rows: rows.assign(churned="no"),
            "watch",
            "look",
            "outcomes of 2020-07 are negative",
        ),
        (lambda rows: rows.drop(columns="calls"), "act", "repair", "'calls' is gone"),
        (lambda rows: rows.assign(calls="many"), "act", "repair", "'calls' holds text"),
        (
            lambda rows: rows.assign(calls=np.nan),
            "act",
            "repair",
            "'calls' has no value in any row",
        ),
    ],
    ids=["no rows", "few rows", "one class", "column gone", "other type", "all missing"],
)
def test_periods_that_are_not_as_they_should_be(
    home: Path, change: monitored_model.Change, level: str, action: str, words: str
) -> None:
    """Each has its answer, on record; none is ok, and none is an error."""
    run = monitored_model.watch(monitored_model.table(home, july=change), "2020-07")
    decision = monitored_model.told(run)["decision"]
    assert run.info.status == "FINISHED"
    assert (decision["level"], decision["action"]) == (level, action)
    assert words in decision["reason"]
    assert ProductionHistory.load("churn").periods["2020-07"].level == level
    page = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/period.html")
    assert words.replace("'", "&#39;") in page


def test_a_new_column_is_told(home: Path) -> None:
    """It is not used, and no reason to act."""
    run = monitored_model.watch(
        monitored_model.table(home, july=lambda rows: rows.assign(mood="fine")), "2020-07"
    )
    rules = {rule["name"]: rule for rule in monitored_model.told(run)["decision"]["rules"]}
    assert rules["columns"]["state"] == "ok"
    assert "'mood'" in rules["columns"]["reason"]


def test_drift_is_told_with_its_column(home: Path) -> None:
    """A shift of a good standard deviation in the most important feature, in the first period."""
    where = monitored_model.table(home, july=lambda rows: rows.assign(calls=rows["calls"] + 2.0))
    found = monitored_model.told(monitored_model.watch(where, "2020-07"))
    assert found["drift"]["columns"][0]["name"] == "calls"
    assert found["drift"]["columns"][0]["drifted"]
    assert found["pictures"][0]["name"] == "calls"


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("watch", 3), ("act", 0)])
def test_the_exit_code_is_an_alarm_where_asked(home: Path, fail_on: str, code: int) -> None:
    """3 from the level on that was named; the period is on record all the same."""
    where = monitored_model.table(home, july=lambda rows: rows.head(20))
    ended = 0
    try:
        monitored_model.watch(where, "2020-07", fail_on=fail_on)
    except SystemExit as exit_:
        ended = int(exit_.code or 0)
    assert ended == code
    assert ProductionHistory.load("churn").periods["2020-07"].level == "watch"


def test_an_alert_is_sent(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a real receiver, when a period is not ok."""
    got: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("LONGHAUL_WEBHOOK", f"http://127.0.0.1:{server.server_port}/")
    run = monitored_model.watch(
        monitored_model.table(home, july=lambda rows: rows.head(20)), "2020-07"
    )
    server.shutdown()
    server.server_close()
    (message,) = got
    assert (message["event"], message["level"]) == ("period", "watch")
    assert (message["model"], message["version"], message["period"]) == ("churn", "1", "2020-07")
    assert message["run"] == run.info.run_id


def test_a_dead_receiver_stops_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noted, and the period is on record."""
    monkeypatch.setenv("LONGHAUL_WEBHOOK", "http://127.0.0.1:9/")
    monkeypatch.setattr("longhaul.production.alerts.PAUSE_SECONDS", 0.0)
    run = monitored_model.watch(
        monitored_model.table(home, july=lambda rows: rows.head(20)), "2020-07"
    )
    assert run.info.status == "FINISHED"
    assert run.data.tags["longhaul.alert"] == "not delivered: ConnectionError"
    assert "2020-07" in ProductionHistory.load("churn").periods


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "runs:/abc/model"}, "is not registered; monitor takes models"),
        ({"model": "models:/churn/7"}, "models:/churn/7"),
        ({"predictions": "nowhere"}, "nowhere: "),
        ({"predictions": "."}, "has none of 2020-07 by version 1; score it first"),
        ({"fail_on": "loud"}, "Invalid value for '--fail_on'"),
        ({"alarm": "act"}, "the parameter alarm is now called fail_on"),
    ],
)
def test_bad_input_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, str], message: str
) -> None:
    """What was wrong and what to do; nothing is put on record."""
    where = monitored_model.table(home)
    given = {
        "model": "models:/churn/1",
        "predictions": ".",
        "table": where,
        "period": "2020-07",
        "fail_on": "never",
        "engine": "local",
        **changes,
    }
    with pytest.raises(SystemExit):
        monitored_model.monitor.main([f"--{name}={value}" for name, value in given.items()])
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert ProductionHistory.load("churn").periods == {}
