"""Live traffic is watched as batches are: the same figures, from what was served."""

import json
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from longhaul.errors import LonghaulError
from longhaul.monitoring.evidence import ServiceLosses
from longhaul.production import live_traffic
from longhaul.production.history import ProductionHistory
from longhaul.registry import promotion
from longhaul.serving.shipment import Shipment
from longhaul.tracking import artifacts, candidates, remote_folder
from longhaul.tracking.tags import HEADLINE, LAST_PERIOD_SEEN
from longhaul.traffic import summary
from steps.collect import collect
from tests import monitored_model, objects, packages, tables
from tests.live import KEYED, Service, newest, outcomes, sent
from tests.steps import test_cycle as cycles

TEXT = tables.DECLARATION.replace("leave_out: [customer]", KEYED)
FIRST, SECOND = "models:/churn/1", "models:/churn/2"


@pytest.fixture
def table(home: Path) -> str:
    return monitored_model.table(home, text=TEXT)


def collected(home: Path, table: str, period: str, **more: str) -> tuple[Path, Path]:
    """Collect traffic; the folders of the table and of the predictions."""
    given = {
        "table": table,
        "traffic": str(home / "record"),
        "outcomes": "",
        "query": "",
        "scope": "all",
    }
    options = {**given, "period": period, **more}
    collect.main([f"--{name}={value}" for name, value in options.items()])
    run = newest("collect").info.run_id
    return artifacts.fetch(f"runs:/{run}/table"), artifacts.fetch(f"runs:/{run}/predictions")


def second_version(home: Path) -> None:
    """Register another version, of another family, as if it had been promoted meanwhile."""
    fitted = packages.fit(home, "linear")
    with mlflow.start_run() as run:
        candidates.log(fitted, tables.churn(2))
    tags = {LAST_PERIOD_SEEN: "2020-06", "test_auc": f"{fitted.metrics['auc']:.4f}"}
    number = promotion.register("churn", f"runs:/{run.info.run_id}/model", tags, "")
    promotion.promote("churn", number, "better")


def monitored() -> dict[str, Any]:
    """The document of the newest run of monitor."""
    return dict(artifacts.read_json(f"runs:/{newest('monitor').info.run_id}/monitor.json"))


@pytest.mark.slow
def test_traffic_is_judged_as_the_same_rows_in_a_batch(home: Path, table: str) -> None:
    """Figures of drift, performance and decision agree to the last digit, over two periods."""
    batches = []
    for period in ("2020-07", "2020-08"):
        cycles.run(home, period)
        batches.append(monitored())
    history = ProductionHistory.load("churn")
    mlflow.MlflowClient().delete_run(history.run)
    service = Service(home)
    for period in ("2020-07", "2020-08"):
        ids = service.answer(FIRST, sent(table, period))
        service.tell(ids, outcomes(table, period))
    service.compact()
    for period, batch in zip(("2020-07", "2020-08"), batches, strict=True):
        cycles.run(home, period, traffic=home / "record")
        live = monitored()
        assert [rule["name"] for rule in live["decision"]["rules"]].count("service") == 1
        live["decision"]["rules"] = [
            rule for rule in live["decision"]["rules"] if rule["name"] != "service"
        ]
        assert json.dumps(live) == json.dumps(batch)
    assert {record.version for record in ProductionHistory.load("churn").periods.values()} == {"1"}


def test_outcomes_by_key_come_later_and_count_first(home: Path, table: str) -> None:
    """Of a table the last row of a key counts, before what was posted; the rest is not known."""
    service, rows = Service(home), sent(table, "2020-07")
    true = outcomes(table, "2020-07")
    ids = service.answer(FIRST, rows)
    service.tell(ids, [None] * 300 + [not outcome for outcome in true[300:350]])
    service.tell(ids, [None] * 300 + true[300:350])  # corrected by request
    service.compact()
    keys, words = rows["customer"], pd.Series(["yes" if outcome else "no" for outcome in true])
    first = pd.DataFrame({"customer": keys[:100], "churned": "no"})  # wrong ones, repeated below
    second = pd.DataFrame({"customer": keys[:300], "churned": words[:300]})
    blank = pd.DataFrame({"customer": keys[:5], "churned": [None] * 5})
    pd.concat([first, second, blank]).to_csv(home / "told.csv", index=False)
    where, scored = collected(home, table, "2020-07", outcomes=str(home / "told.csv"))
    frame = pd.read_parquet(where / "2020-07.parquet")
    assert frame["churned"].head(350).tolist() == words.head(350).tolist()
    assert frame["churned"].tail(50).isna().all()
    assert summary.read(where)["2020-07"].labelled == 350
    predicted = pd.read_parquet(scored / "churn-1" / "2020-07.parquet")
    assert predicted["outcome"].head(350).tolist() == true[:350]
    assert predicted["outcome"].tail(50).isna().all()
    run = newest("collect")
    assert run.data.metrics["outcomes_corrected"] == sum(1 for _ in true[300:350])
    assert run.data.metrics["label_completeness"] == 350 / 400


@pytest.mark.slow
def test_a_period_in_which_the_champion_changed_is_judged_version_by_version(
    home: Path, table: str
) -> None:
    """Each version by the rows that it answered; what is decided is about the last one."""
    second_version(home)
    service, rows, true = Service(home), sent(table, "2020-07"), outcomes(table, "2020-07")
    service.tell(service.answer(FIRST, rows[:200]), true[:200])
    service.tell(service.answer(SECOND, rows[200:]), true[200:])
    service.compact()
    run = cycles.run(home, "2020-07", traffic=home / "record")
    record = artifacts.read_json(f"runs:/{run.info.run_id}/cycle.json")
    assert record["version"] == "2"
    history = ProductionHistory.load("churn")
    assert history.periods["2020-07"].version == "2"
    assert list(history.parts) == ["2020-07 1"]
    figures = {
        number: artifacts.read_json(f"runs:/{of.run}/monitor.json")["truths"][0]["realized"]["auc"]
        for number, of in (("1", history.parts["2020-07 1"]), ("2", history.periods["2020-07"]))
    }
    for number, places in (("1", slice(0, 200)), ("2", slice(200, 400))):
        model = service.load(f"models:/churn/{number}", "customer")
        scores = model.predictor.scores(rows[places])
        expected = roc_auc_score(true[places], scores)
        assert figures[number]["value"] == pytest.approx(expected, abs=2e-3)  # by cells of scores
    page = (artifacts.fetch(f"runs:/{history.run}/life.html")).read_text()
    assert "Version 1</a> answered before" in page


@pytest.mark.slow
def test_what_the_service_lost_is_in_the_verdict(home: Path, table: str) -> None:
    """Values unread, requests refused and rows that are not on record: above the limit, repair."""
    service = Service(home)
    service.tell(service.answer(FIRST, sent(table, "2020-07")), outcomes(table, "2020-07"))
    service.recorder.count_losses(ServiceLosses(refused=3, unread=1))
    service.compact()
    cycles.run(home, "2020-07", traffic=home / "record")
    (rule,) = [rule for rule in monitored()["decision"]["rules"] if rule["name"] == "service"]
    assert rule["state"] == "ok"
    assert "3 requests refused as unreadable, 1 values unread" in rule["reason"]
    service = Service(home)
    service.answer(FIRST, sent(table, "2020-07").head(1))
    service.recorder.count_losses(ServiceLosses(unrecorded=40))
    service.answer(FIRST, sent(table, "2020-07").tail(1))
    service.compact()
    cycles.run(home, "2020-07", traffic=home / "record")
    decision = monitored()["decision"]
    assert (decision["level"], decision["action"]) == ("act", "repair")
    assert "40 rows answered but not recorded" in decision["reason"]


@pytest.mark.slow
def test_outcomes_that_come_after_the_cycle_count_in_the_next(home: Path) -> None:
    """With a lag of a month: rows that came late move others, and none is mistaken for another."""
    lagged = TEXT.replace("{min_rows: 50}", "{min_rows: 50, label_lag: 1}")
    table = monitored_model.table(home, text=lagged)
    service, rows, true = Service(home), sent(table, "2020-07"), outcomes(table, "2020-07")
    ids = service.answer(FIRST, rows[40:])
    service.compact()
    cycles.run(home, "2020-07", traffic=home / "record")
    assert monitored()["truths"] == []
    service = Service(home)
    service.answered = 500
    early = service.answer(FIRST, rows[:40])
    service.tell(early, true[:40])
    service.tell(ids, true[40:])
    service.answer(FIRST, sent(table, "2020-08"))
    service.compact()
    cycles.run(home, "2020-08", traffic=home / "record")
    (truth,) = monitored()["truths"]
    assert (truth["period"], truth["rows"], truth["labelled"]) == ("2020-07", 400, 400)
    scores = service.load(FIRST, "customer").predictor.scores(rows)
    assert truth["realized"]["auc"]["value"] == pytest.approx(roc_auc_score(true, scores), abs=2e-3)


@pytest.mark.slow
def test_a_cycle_of_traffic_twice_changes_nothing(home: Path, table: str) -> None:
    """Rows of a later period are no reason to judge an earlier one again."""
    service = Service(home)
    service.tell(service.answer(FIRST, sent(table, "2020-07")), outcomes(table, "2020-07"))
    service.compact()
    cycles.run(home, "2020-07", traffic=home / "record")
    before = cycles.everything()
    service = Service(home)
    service.answered = 500
    service.answer(FIRST, sent(table, "2020-08"))
    service.compact()
    again = cycles.run(home, "2020-07", traffic=home / "record")
    assert cycles.everything() == before
    assert again.data.tags[HEADLINE].startswith("nothing has changed since: version 1: ")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"traffic": "nowhere"}, "nowhere; serve calls it record"),
        ({"period": "2020-08"}, "period: the service was asked about no row of 2020-08"),
        ({"outcomes": "told.csv"}, "outcomes: "),
    ],
)
def test_what_cannot_be_collected_is_one_line(
    home: Path, table: str, changes: dict[str, str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No log, no row of the period, a table of outcomes without the key: nothing is logged."""
    service = Service(home)
    service.answer(FIRST, sent(table, "2020-07").head(80))
    service.compact()
    (home / "told.csv").write_text("who,churned\nc1,yes\n")
    paths = {name: str(home / value) for name, value in changes.items() if name != "period"}
    with pytest.raises(SystemExit):
        collected(home, table, **{"period": "2020-07", **changes, **paths})
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: collect: ")
    assert line in error
    assert not mlflow.MlflowClient().list_artifacts(newest("collect").info.run_id)


def test_the_last_period_alone(home: Path, table: str) -> None:
    """For a correction of the level: no other period, and nothing that the model learned from."""
    service = Service(home)
    for period in ("2020-07", "2020-08"):
        service.tell(service.answer(FIRST, sent(table, period)), outcomes(table, period))
    service.compact()
    where, scored = collected(home, table, "2020-08", scope="last")
    assert sorted(file.name for file in where.glob("*.parquet")) == ["2020-08.parquet"]
    assert [file.name for file in scored.glob("*/*")] == ["2020-08.parquet"]
    everything, _ = collected(home, table, "2020-08")
    whole = pd.read_parquet(everything / "2020-08.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(where / "2020-08.parquet"), whole)


@pytest.mark.slow
def test_a_log_that_was_shipped_is_read_where_it_is(home: Path, table: str) -> None:
    """From an object store the same rows, outcomes and predictions as from the folder."""
    service = Service(home)
    ids = service.answer(FIRST, sent(table, "2020-07"))
    service.tell(ids, outcomes(table, "2020-07"))
    log = service.compact()
    with objects.store(home) as bucket:
        address = f"{bucket}/record"
        with pytest.raises(LonghaulError, match=r"^traffic: s3://\S+: there is no predictions"):
            live_traffic.fetch_log(address)
        shipment = Shipment(log, remote_folder.open_folder(address))
        for file in shipment.waiting():
            shipment.upload(file)
        shipped = collected(home, table, "2020-07", traffic=address)
        there = live_traffic.fetch_log(address)
        before = {file: file.stat().st_ino for file in there.rglob("*.parquet")}
        live_traffic.fetch_log(address)
        assert {file: file.stat().st_ino for file in there.rglob("*.parquet")} == before
    local = collected(home, table, "2020-07")
    for name, one, other in zip(("", "churn-1"), shipped, local, strict=True):
        file = Path(name, "2020-07.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(one / file), pd.read_parquet(other / file))
