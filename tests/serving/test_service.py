"""The service as its clients see it: a real process, asked over HTTP."""

import concurrent.futures
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import psutil
import pytest
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

from longhaul.model import predictions
from longhaul.traffic import prediction_log
from tests.serving import services
from tests.serving.services import BODY, ROWS, Running

pytestmark = pytest.mark.slow

TOKEN = "a-token-of-this-test"


@pytest.fixture(scope="module")
def running(says: dict[str, list[float]], shared: Path) -> Iterator[Running]:
    """A service with small limits."""
    limits = {"rows": 100, "bytes": 100_000, "seconds": 2.0}
    with services.serving(shared / "record", limits=limits) as service:
        yield service


def error(answer: Any) -> str:
    """The code of a refusal, which is one JSON line."""
    assert answer.text.count("\n") == 1
    assert set(answer.json()) == {"error_code", "message"}
    return str(answer.json()["error_code"])


def test_stock_client(running: Running, says: dict[str, list[float]]) -> None:
    """MLflow's own client works as with MLflow's own server."""
    client = ScoringServerClient("127.0.0.1", running.port)
    client.wait_server_ready(timeout=300)
    answer = client.invoke(pd.DataFrame(ROWS)).get_predictions()
    assert says["1"] == answer["probability"].tolist()
    assert mlflow.__version__ == running.get("/version").text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (BODY, "application/json"),
        (BODY, "application/json; charset=utf-8"),
        (json.dumps({"dataframe_split": pd.DataFrame(ROWS).to_dict("split")}), "application/json"),
        (json.dumps({"inputs": pd.DataFrame(ROWS).to_dict("list")}), "application/json"),
        (json.dumps({"instances": ROWS}), "application/json"),
        (json.dumps({"dataframe_records": ROWS, "params": {"reasons": 1}}), "application/json"),
        (pd.DataFrame(ROWS).to_csv(index=False), "text/csv"),
    ],
    ids=["records", "charset", "split", "inputs", "instances", "params", "csv"],
)
def test_forms(running: Running, says: dict[str, list[float]], body: Any, kind: str) -> None:
    """Every form of MLflow's protocol gives the same answer, which says whose it is."""
    body = body if isinstance(body, bytes) else body.replace("NaN", "null").encode()
    answer = running.post(body, Content_Type=kind)
    assert answer.status_code == 200, answer.text
    assert says["1"] == [row["probability"] for row in answer.json()["predictions"]]
    assert (answer.headers["x-model"], answer.headers["x-model-version"]) == ("churn", "1")
    if "reasons" in str(body):
        assert all("calls=" in row["reasons"] for row in answer.json()["predictions"])


def test_refusals(running: Running) -> None:
    """Each has its status and code, and none says anything that was sent."""
    big = json.dumps({"dataframe_records": ROWS * 51}).encode()
    csv = pd.DataFrame(ROWS * 51).to_csv(index=False).encode()
    secret = b'{"dataframe_split": {"columns": ["calls"], "data": [["secret", 2]]}}'
    cases = [
        (running.post(b"x" * 100_001), 413, "BODY_TOO_LARGE"),
        (running.post(big), 413, "TOO_MANY_ROWS"),
        (running.post(csv, Content_Type="text/csv"), 413, "TOO_MANY_ROWS"),
        (running.post(secret), 400, "INVALID_INPUT"),
        (running.post(b"secret"), 400, "INVALID_INPUT"),
        (running.post(b'{"secret": 1}'), 400, "INVALID_INPUT"),
        (running.post(b"\xff\xfe"), 400, "INVALID_INPUT"),
        (running.post(b"[" * 50_000), 400, "INVALID_INPUT"),
        (running.post(X_Request_Id="secret!"), 400, "INVALID_INPUT"),
        (running.post(Content_Type="secret/secret"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (running.post(Content_Type=""), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (running.post(Content_Encoding="gzip"), 415, "UNSUPPORTED_ENCODING"),
        (running.post(b"secret", "/outcomes"), 400, "INVALID_INPUT"),
        (running.get("/secret"), 404, "NOT_FOUND"),
        (running.get("/invocations"), 405, "METHOD_NOT_ALLOWED"),
    ]
    for answer, status, code in cases:
        assert (status, code) == (answer.status_code, error(answer))
        assert "secret" not in answer.text


def test_slow_body(running: Running) -> None:
    """A body that does not come is given up after the time that a request may take."""
    with socket.create_connection(("127.0.0.1", running.port), 60) as client:
        head = "POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        client.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 408")


def test_probes_and_figures(running: Running) -> None:
    """Alive, ready and healthy; what was asked and refused is counted for Prometheus."""
    assert running.post().status_code == 200
    assert running.post(b"{}").status_code == 400
    assert running.get("/ping").status_code == 200
    assert running.get("/ready").json() == {"ready": True}
    health = running.get("/health").json()
    assert (health["status"], health["model"], health["version"]) == ("ok", "churn", "1")
    text = running.get("/metrics").text
    for line in (
        r'longhaul_rows_total\{model="churn",version="1"\} [1-9]',
        r'longhaul_model_version\{model="churn",version="1"\} 1\.0',
        r'longhaul_requests_total\{status="200"\} [1-9]',
        r'longhaul_errors_total\{code="INVALID_INPUT"\} [1-9]',
        r'longhaul_request_seconds_bucket\{le="\+Inf"\} [1-9]',
        r"longhaul_record_lag_seconds \d",
    ):
        assert re.search(line, text), line


def test_docs(running: Running, says: dict[str, list[float]]) -> None:
    """The page needs no other machine; its schema names the features, its example works."""
    page = running.get("/docs").text
    assert not re.search(r"""(src|href)=["']https?://""", page)
    script = re.search(r'src="([^"]+)"', page)
    assert script
    assert running.get(script[1]).status_code == 200
    document = running.get("/openapi.json").json()
    assert {"day", "calls", "plan", "age"} == set(
        document["components"]["schemas"]["Row"]["properties"]
    )
    content = document["paths"]["/invocations"]["post"]["requestBody"]["content"]
    for kind, shown in content.items():
        example = shown["example"]
        text = example if isinstance(example, str) else json.dumps(example)
        answer = running.post(text.encode(), Content_Type=kind)
        assert len(answer.json()["predictions"]) == 2


def test_record(says: dict[str, list[float]], tmp_path: Path) -> None:
    """What was answered is on record once the service has stopped, and joined with outcomes."""
    with services.serving(tmp_path / "record") as running:
        assert running.post(X_Request_Id="first").headers["x-request-id"] == "first"
        second = running.post().headers["x-request-id"]
        outcomes = [{"request": "first", "outcome": True}, {"request": second, "outcome": True}]
        outcomes += [{"request": second, "row": 0, "outcome": False}]
        reported = running.post(json.dumps({"outcomes": outcomes}).encode(), "/outcomes")
        assert (reported.status_code, reported.content) == (202, b"")
    found = prediction_log.read(running.record, "churn-1")
    assert ["first", "first", second, second] == found["request"].tolist()
    assert found["row"].tolist() == [0, 1, 0, 1]
    assert says["1"] * 2 == found["probability"].tolist()
    assert {"2020-08"} == set(found["period"])
    assert [None if pd.isna(x) else x for x in found["outcome"]] == [True, None, False, None]
    batch = predictions.read(running.record / prediction_log.PREDICTIONS / "churn-1", "binary")
    assert says["1"] * 2 == batch["probability"].tolist()


def test_tokens(
    says: dict[str, list[float]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a token only probes are answered, and they tell nothing."""
    monkeypatch.setenv("LONGHAUL_TOKENS", f"{TOKEN}, another-token-of-this-test")
    with services.serving(tmp_path / "record") as running:
        for answer in (running.post(), running.get("/metrics"), running.get("/docs")):
            assert (answer.status_code, error(answer)) == (401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"] == "Bearer"
        assert running.post(Authorization="Bearer wrong").status_code == 401
        assert running.post(Authorization=f"Basic {TOKEN}").status_code == 401
        assert running.post(Authorization=f"Bearer {TOKEN}").status_code == 200
        assert running.post(Authorization="bearer another-token-of-this-test").status_code == 200
        assert running.get("/health").json() == {"status": "ok"}
        shown = running.get("/health", Authorization=f"Bearer {TOKEN}").json()
        assert shown["version"] == "1"
        assert running.get("/ready").status_code == 200


@pytest.mark.parametrize("on_log_failure", ["refuse", "count"])
def test_full_disk(says: dict[str, list[float]], tmp_path: Path, on_log_failure: str) -> None:
    """What cannot be recorded is refused and said, or answered and counted; then it goes on."""
    with services.serving(
        tmp_path / "record", fresh=True, on_log_failure=on_log_failure, compact_seconds=600
    ) as running:
        for _ in range(40):
            assert running.post().status_code == 200
        (worker,) = running.workers()
        (journal,) = (running.record / "journal").glob("*.jsonl")
        full, hard = journal.stat().st_size + 10, worker.rlimit(psutil.RLIMIT_FSIZE)[1]
        worker.rlimit(psutil.RLIMIT_FSIZE, (full, hard))
        answer = running.post()
        if on_log_failure == "refuse":
            assert (answer.status_code, error(answer)) == (503, "RECORD_UNWRITABLE")
            assert running.get("/ready").status_code == 503
        else:
            assert (answer.status_code, answer.headers["x-recorded"]) == (200, "false")
            assert "longhaul_unrecorded_rows_total 2.0" in running.get("/metrics").text
        assert running.get("/health").json()["status"] == "troubled"
        worker.rlimit(psutil.RLIMIT_FSIZE, (hard, hard))
        assert running.post(X_Request_Id="again").status_code == 200
        assert running.get("/health").json()["status"] == "ok"
        assert running.get("/ready").status_code == 200
    found = prediction_log.read(running.record, "churn-1")
    assert len(found) == 41 * 2
    assert found["request"].iloc[-1] == "again"


@pytest.mark.parametrize("on_unreadable", ["refuse", "count"])
def test_unreadable_values(
    says: dict[str, list[float]], tmp_path: Path, on_unreadable: str
) -> None:
    """They are refused with row, column and what is expected, or counted and missing."""
    body = (
        b'{"dataframe_records": [{"plan": "basic", "age": "4_1"}, {"plan": "plus", "age": "41"}]}'
    )
    with services.serving(tmp_path / "record", limits={"on_unreadable": on_unreadable}) as running:
        answer = running.post(body)
        if on_unreadable == "refuse":
            assert (answer.status_code, error(answer)) == (422, "UNREADABLE_VALUE")
            assert "row 0, column 'age': a text like '9_9', expected a number" in answer.text
            return
        assert (answer.status_code, answer.headers["x-unread"]) == (200, "1")
        assert "longhaul_unread_values_total 1.0" in running.get("/metrics").text
        assert "x-unread" not in running.post().headers
    found = pd.read_parquet(running.record / prediction_log.PREDICTIONS / "churn-1")
    ages = [row["age"] for row in found["features"].head(2)]
    assert [None if pd.isna(age) else age for age in ages] == [None, 41]


def test_stops_gracefully(says: dict[str, list[float]], tmp_path: Path) -> None:
    """A request in flight is finished and on record; nothing is left of the service."""
    many = pd.DataFrame(ROWS * 20_000).to_csv(index=False).encode()
    limits = {"rows": 50_000, "bytes": 10_000_000}
    with services.serving(tmp_path / "record", fresh=True, limits=limits) as running:
        everyone = [running.supervisor(), *running.workers()]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            flying = pool.submit(running.post, many, Content_Type="text/csv")
            time.sleep(0.1)
            everyone[0].terminate()
            assert flying.result().status_code == 200
            assert everyone[0].wait(timeout=300) == 0
    services.until(lambda: not any(map(services.alive, everyone)))
    assert len(prediction_log.read(running.record, "churn-1")) == 40_000
    assert list((running.record / "journal").iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "host", "said"),
    [
        ({"model": "models:/churn@nobody"}, "127.0.0.1", "error: model 'churn': "),
        pytest.param(
            {"model": "models:/churn/99"},
            "127.0.0.1",
            "error: models:/churn/99: cannot fetch",
            marks=pytest.mark.nightly,
        ),
        ({}, "0.0.0.0", "error: host: 0.0.0.0 can be reached from other machines"),
        pytest.param(
            {}, "192.0.2.1", "error: cannot listen on 192.0.2.1:0: ", marks=pytest.mark.nightly
        ),
    ],
)
def test_bad_start(
    says: dict[str, list[float]], tmp_path: Path, settings: dict[str, str], host: str, said: str
) -> None:
    """One line says why it does not start."""
    plain = json.dumps({"model": "models:/churn/1", "record": str(tmp_path), **settings})
    tokens = {"LONGHAUL_TOKENS": TOKEN} if host.startswith("192") else {}
    done = subprocess.run(
        [sys.executable, "-m", "longhaul.serving", plain, "--host", host, "--port", "0"],
        env={**os.environ, **tokens},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(said), done.stderr


def test_port_in_use(says: dict[str, list[float]], running: Running, tmp_path: Path) -> None:
    """A busy port is said at once, and whoever has it is left alone."""
    plain = json.dumps({"model": "models:/churn/1", "record": str(tmp_path)})
    where = ["--host", "127.0.0.1", "--port", str(running.port)]
    done = subprocess.run(
        [sys.executable, "-m", "longhaul.serving", plain, *where],
        capture_output=True,
        text=True,
        check=False,
    )
    line = f"error: cannot listen on 127.0.0.1:{running.port}: Address already in use"
    assert (1, line) == (done.returncode, done.stderr.strip())
    assert running.post().status_code == 200
