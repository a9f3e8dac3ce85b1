"""The watch, as a user runs it beside a real service: it judges what that service answered."""

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from benchmarks import load
from longhaul.model import payload
from longhaul.production.history import ProductionHistory
from longhaul.registry import canary, ledger, promotion
from longhaul.tracking import artifacts, candidates
from longhaul.tracking.tags import HEADLINE, LAST_PERIOD_SEEN
from longhaul.training import candidate
from steps.promote import promote
from tests import lifecycles, monitored_model, packages, tables
from tests.live import outcomes, sent
from tests.ports import free_port
from tests.serving import services
from tests.steps import test_cycle as cycles

pytestmark = pytest.mark.slow
REQUEST_ROWS = 100


def ask(
    running: services.Running, table: str, period: str, request_rows: int = REQUEST_ROWS
) -> None:
    """Send the rows of a period, and then what became of them."""
    rows, true = sent(table, period).drop(columns="customer"), outcomes(table, period)
    for start in range(0, len(rows), request_rows):
        part = slice(start, start + request_rows)
        answer = running.post(payload.dumps(rows[part]).encode())
        assert answer.status_code == 200, answer.text
        request = answer.headers["x-request-id"]
        reports = [
            {"request": request, "row": place, "outcome": outcome}
            for place, outcome in enumerate(true[part])
        ]
        told = running.post(json.dumps({"outcomes": reports}).encode(), "/outcomes")
        assert told.status_code == 202, told.text


def figures(address: str) -> dict[tuple[str, ...], float]:
    """The figures of /metrics, by name and labels but for the model."""
    text = requests.get(f"{address}/metrics", timeout=30).text
    return {
        (sample.name, *(value for key, value in sorted(sample.labels.items()) if key != "model")): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_watch_beside_a_service(home: Path) -> None:
    """Killed and begun again, it judges each month as a batch would be, and says so over HTTP."""
    table = monitored_model.table(home)
    batches = {}
    for period in ("2020-07", "2020-08"):
        cycles.run(home, period)
        batches[period] = assessment(period)
    mlflow.MlflowClient().delete_run(ProductionHistory.load("churn").run)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    given = {
        "who": {"MLFLOW_TRACKING_URI": mlflow.get_tracking_uri()},
        "problem": home / "churn.yaml",
        "traffic": home / "record",
        "table": f"file://{table}",
        "port": port,
        "poll_seconds": 0.2,
        "settle_seconds": 2,
    }

    def health() -> dict[str, Any]:
        try:
            return dict(requests.get(f"{address}/health", timeout=30).json())
        except requests.RequestException:
            return {"judged": {}}

    with services.serving(home / "record") as running:
        ask(running, table, "2020-07")
        first = lifecycles.start(home, str(lifecycles.REPOSITORY), "watch", **given)
        services.until(lambda: health()["judged"] == {"2020-07": 400})
        os.killpg(first.pid, signal.SIGKILL)
        first.wait(lifecycles.SECONDS)
        ask(running, table, "2020-08")
        second = lifecycles.start(home, str(lifecycles.REPOSITORY), "watch", **given)
        services.until(lambda: health()["judged"] == {"2020-07": 400, "2020-08": 400})
        found = figures(address)
        os.killpg(second.pid, signal.SIGTERM)
        printed, _ = second.communicate(lifecycles.SECONDS)
    history = ProductionHistory.load("churn")
    for period, batch in batches.items():
        live = assessment(period)
        rules = live["decision"]["rules"]
        live["decision"]["rules"] = [rule for rule in rules if rule["name"] != "service"]
        assert json.dumps(live) == json.dumps(batch)
        assert history.periods[period].version == "1"
    august = batches["2020-08"]
    auc = august["truths"][-1]["realized"]["auc"]["value"]
    assert found["longhaul_watch_realized", "value", "auc"] == pytest.approx(auc)
    assert found["longhaul_watch_rows",] == found["longhaul_watch_labelled_rows",] == 400
    assert found["longhaul_watch_lost", "unread"] == 0
    assert found["longhaul_watch_failing_periods",] == 0
    assert found["longhaul_watch_newest_outcome_seconds",] > 1.7e9
    runs = mlflow.search_runs(
        filter_string="tags.mlflow.project.entryPoint = 'watch'",
        order_by=["attributes.start_time"],
        search_all_experiments=True,
        output_format="list",
    )
    assert [run.info.status for run in runs] == ["KILLED", "FINISHED"], printed
    assert runs[1].data.tags[HEADLINE] == "2 periods judged: 2020-07, 2020-08"


ROLLOUT = tables.DECLARATION + "rollout: {shares: [0.5], min_rows: 150}\n"
SECONDS_TO_MOVE = 60


def register(folder: Path, turn: int) -> str:
    """A version of a model that learned from customers who leave for few calls, if `turn` is 0."""
    problem, frame = tables.problem(folder), tables.churn(rows_per_month=200, turn=turn)
    month = frame["day"].dt.strftime("%Y-%m")
    windows = frame[month <= "2020-04"], frame[month == "2020-05"]
    fitted = candidate.fit(problem, *windows, "lightgbm", packages.QUICK["lightgbm"], 0, 1)
    with mlflow.start_run() as run:
        candidates.log(fitted, tables.churn(2))
    uri = f"runs:/{run.info.run_id}/model"
    return promotion.register("churn", uri, {LAST_PERIOD_SEEN: "2020-06"}, "")


def answerers(running: services.Running) -> set[str]:
    """The versions that answer some requests, by both workers."""
    answers = [running.post() for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    return {answer.headers["x-model-version"] for answer in answers}


@pytest.mark.nightly
@pytest.mark.parametrize("broken", ["canary", "champion"])
def test_a_canary_lives_by_its_outcomes(home: Path, broken: str) -> None:
    """One whose feature is broken is taken back, one that is better is champion; no request fails.

    The service follows, under load; the ledger tells it.
    """
    first = promotion.champion("churn")
    if broken == "champion":
        first = register(home, turn=0)
        promotion.promote("churn", first, "as a test")
    number = register(home, turn=0 if broken == "canary" else 9)
    table = monitored_model.table(home, text=ROLLOUT)
    request = load.post(payload.dumps(sent(table, "2020-07").head(1)).encode())
    given = {
        "who": {"MLFLOW_TRACKING_URI": mlflow.get_tracking_uri()},
        "problem": home / "churn.yaml",
        "traffic": home / "record",
        "table": f"file://{table}",
        "port": 0,
        "poll_seconds": 0.5,
    }
    loads: list[load.Load] = []
    with services.serving(home / "record", workers=2) as running:
        watch = lifecycles.start(home, str(lifecycles.REPOSITORY), "watch", **given)
        given_share = {"model": f"models:/churn/{number}", "reason": "a try", "evidence": ""}
        options = [f"--{name}={value}" for name, value in given_share.items()]
        promote.main([*options, "--expected_champion=any", "--share=0.5"])
        services.until(lambda: (running.get("/health").json()["canary"] or {}).get("share") == 0.5)
        asking = threading.Thread(
            target=lambda: loads.append(load.drive(running.port, request, 4000, 2))
        )
        asking.start()
        began = time.monotonic()
        for _ in range(12):  # each request has an id of its own, and so an answerer
            ask(running, table, "2020-07", request_rows=8)
        services.until(lambda: canary.current("churn") is None)
        assert time.monotonic() - began < SECONDS_TO_MOVE
        champion = first if broken == "canary" else number
        assert promotion.champion("churn") == champion
        services.until(lambda: answerers(running) == {champion})
        services.until(lambda: ledger.lines("churn")[-1].state == "done")
        asking.join()
        assert loads[0].failures == []
        assert len(loads[0].seconds) == 4000
        os.killpg(watch.pid, signal.SIGTERM)
        printed, _ = watch.communicate(lifecycles.SECONDS)
    moves = [(line.move, line.before, line.after, line.state) for line in ledger.lines("churn")]
    last = ("canary end" if broken == "canary" else "promote", first, number, "done")
    assert moves[-2:] == [("canary begin", first, number, "done"), last], printed
    reason = ledger.lines("churn")[-1].reason
    assert ("more" if broken == "canary" else "less") + " than the champion's" in reason
    assert f"over {len(set(sent(table, '2020-07')['day'].dt.date))} days" in reason


def assessment(period: str) -> dict[str, Any]:
    """The document of the run that monitored a period."""
    run = ProductionHistory.load("churn").periods[period].run
    return dict(artifacts.read_json(f"runs:/{run}/monitor.json"))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "traffic: give the prediction log, or declare traffic in the problem"),
        ({"traffic": "record", "port": "taken"}, "cannot listen on 127.0.0.1:"),
    ],
)
def test_what_cannot_be_watched_is_one_line(home: Path, changes: dict[str, str], line: str) -> None:
    """No traffic, and an address in use."""
    table = monitored_model.table(home)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1] if changes.get("port") else free_port()
        given = {"problem": home / "churn.yaml", "table": f"file://{table}", **changes}
        who = {"MLFLOW_TRACKING_URI": mlflow.get_tracking_uri()}
        life = lifecycles.start(
            home, str(lifecycles.REPOSITORY), "watch", who=who, **{**given, "port": port}
        )
        printed, _ = life.communicate(lifecycles.SECONDS)
    assert life.returncode != 0
    (error,) = [text for text in printed.splitlines() if text.startswith("error: watch:")]
    assert line in error
