"""The watch, as a user runs it beside a real service: it judges what that service answered."""

import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from longhaul.model import payload
from longhaul.production.history import ProductionHistory
from longhaul.tracking import artifacts
from longhaul.tracking.tags import HEADLINE
from tests import lifecycles, monitored_model
from tests.live import outcomes, sent
from tests.ports import free_port
from tests.serving import services
from tests.steps import test_cycle as cycles

pytestmark = pytest.mark.slow
REQUEST_ROWS = 100


def ask(running: services.Running, table: str, period: str) -> None:
    """Send the rows of a period, and then what became of them."""
    rows, true = sent(table, period).drop(columns="customer"), outcomes(table, period)
    for start in range(0, len(rows), REQUEST_ROWS):
        part = slice(start, start + REQUEST_ROWS)
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
