"""Away from the repository: a model on a machine that has only it, and a project that is a URL."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import requests

from longhaul.model import payload
from longhaul.tracking import artifacts, logged_models
from tests import lifecycles, packages, tables
from tests.ports import free_port

pytestmark = pytest.mark.slow


@contextmanager
def process(arguments: list[str], port: int, cwd: Path, **environment: str) -> Iterator[None]:
    """A server that listens on a port of this machine while the block runs."""
    log = cwd / "server.log"  # a pipe that nobody reads would fill, and stop the server
    with log.open("w") as output:
        server = subprocess.Popen(
            arguments,
            cwd=cwd,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline and server.poll() is None:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        assert server.poll() is None, log.read_text()
        yield
    finally:
        os.killpg(server.pid, 15)
        server.wait(120)


@pytest.mark.parametrize(
    "families",
    [
        ["lightgbm", "forest"],
        pytest.param(["lightgbm"], marks=pytest.mark.nightly),
        pytest.param(["forest"], marks=pytest.mark.nightly),
    ],
    ids="+".join,
)
def test_models_serve_with_nothing_but_their_own_requirements(
    tracking: str, tmp_path: Path, families: list[str]
) -> None:
    """In an empty folder, in an environment of their own requirements: the same probabilities."""
    frame = tables.churn(rows_per_month=20, seed=3).drop(columns=["churned", "customer"])
    away, expected = tmp_path / "away", {}
    away.mkdir()
    for family in families:
        with mlflow.start_run():
            uri = logged_models.log(packages.fit(tmp_path, family).package, tables.churn(2))
        expected[family] = mlflow.pyfunc.load_model(uri).predict(frame)["probability"].to_numpy()
        shutil.copytree(artifacts.fetch(uri), away / family)
    python = away / "env" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"] if shutil.which("uv") is None else ["uv"]
    subprocess.run([*uv, "venv", "-q", "--python", "3.11", str(away / "env")], check=True)
    install = [*uv, "pip", "install", "-q", "--python", str(python)]
    for family in families:
        install += ["-r", str(away / family / "requirements.txt")]
    subprocess.run(install, check=True)
    for family in families:
        assert np.array_equal(expected[family], served(python, away, family, frame))


def served(python: Path, away: Path, family: str, frame: pd.DataFrame) -> list[float]:
    """Serve a model with an environment's own MLflow; what it answers to some rows."""
    port = free_port()
    serve = ["-m", "mlflow", "models", "serve", "-m", family, "--env-manager", "local"]
    with process(
        [str(python), *serve, "-h", "127.0.0.1", "-p", str(port)],
        port,
        away,
        PATH=f"{python.parent}:{os.environ['PATH']}",
        PYTHONPATH="",
        MLFLOW_ALLOW_PICKLE_DESERIALIZATION="false",
    ):
        answer = requests.post(
            f"http://127.0.0.1:{port}/invocations",
            payload.dumps(frame),
            headers={"Content-Type": "application/json"},
            timeout=300,
        )
    answer.raise_for_status()
    return [row["probability"] for row in answer.json()["predictions"]]


def test_a_git_url_runs_with_paths_of_the_caller(tmp_path: Path) -> None:
    """Cloned by MLflow into a folder of its own, it finds the problem file beside the user."""
    project, home = lifecycles.copy(tmp_path), lifecycles.home(tmp_path, brief=True)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-C", str(project)]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *arguments], check=True)
    port = free_port()
    daemon = ["git", "daemon", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    before = mlflow.get_tracking_uri()
    with process([*daemon, f"--base-path={tmp_path}", str(tmp_path)], port, tmp_path):
        url = f"git://127.0.0.1:{port}/project"
        for stock in (True, False):
            settings = {"problem": "churn.yaml", "families": "linear", "trials": 1, "stock": stock}
            lifecycles.run(home, url, **settings)
    lifecycles.use(home)
    second, first = lifecycles.parents()
    assert first.info.status == second.info.status == "FINISHED"
    assert lifecycles.reused(second) == set(lifecycles.children(first))
    report = lifecycles.children(first)["report"].info.run_id
    assert artifacts.fetch(f"runs:/{report}/report.html").is_relative_to(home)
    mlflow.set_tracking_uri(before)


@pytest.mark.nightly
def test_a_tracking_server_in_place_of_a_file(tmp_path: Path) -> None:
    """Metadata and artifacts go over http; run again, everything is reused, if it is whole.

    Here it is stock ``mlflow server`` on SQLite; `tests.tracking_server.test_life` has the same
    on Longhaul's own.
    """
    home, port = lifecycles.home(tmp_path, brief=True), free_port()
    arguments = ["--backend-store-uri", f"sqlite:///{tmp_path}/server.db"]
    arguments += ["--artifacts-destination", str(tmp_path / "kept"), "--port", str(port)]
    arguments += ["--workers", "1"]
    before, address = mlflow.get_tracking_uri(), f"http://127.0.0.1:{port}"
    server = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", *arguments]
    with process(server, port, tmp_path, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"):
        for _ in range(2):
            settings = {"problem": "churn.yaml", "families": "linear", "trials": 1}
            who = {"MLFLOW_TRACKING_URI": address}
            lifecycles.run(home, str(lifecycles.REPOSITORY), who=who, **settings)
        mlflow.set_tracking_uri(address)
        second, first = lifecycles.parents()
        assert lifecycles.reused(second) == set(lifecycles.children(first))
        assert lifecycles.children(second) == {}
        purged, *_ = tmp_path.glob("kept/**/predictions/churn-1/*.parquet")
        purged.unlink()
        printed = lifecycles.run(home, str(lifecycles.REPOSITORY), who=who, **settings)
        cycle = f"cycle {purged.stem}"
        assert f"{cycle} does not reuse run" in printed
        assert set(lifecycles.children(lifecycles.parents()[0])) == {cycle, "report"}
        assert mlflow.pyfunc.load_model("models:/churn@champion").predict(tables.churn(2)).size
    mlflow.set_tracking_uri(before)
    assert not (home / "mlflow.db").exists()
    assert not (home / "mlruns").exists()
