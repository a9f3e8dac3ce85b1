"""The server's entry points as a user runs them: every line that its page shows."""

import os
import signal
import subprocess
import time
from pathlib import Path

import mlflow
import pytest
import requests

from longhaul.tracking_server import auth
from tests import lifecycles
from tests.lifecycles import REPOSITORY
from tests.ports import free_port
from tests.tracking_server import servers

pytestmark = pytest.mark.slow
SECONDS = 600


def serve(home: Path, port: int, **parameters: object) -> "subprocess.Popen[str]":
    """Start the entry point `server`, and wait until it answers."""
    who = {"MLFLOW_AUTH_ADMIN_PASSWORD": servers.PASSWORD}
    settings = {"who": who, "port": port, "stock": True, **parameters}
    process = lifecycles.start(home, str(REPOSITORY), "server", **settings)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"http://127.0.0.1:{port}/health", timeout=5).ok:
                return process
        except requests.RequestException:
            time.sleep(0.2)
    raise AssertionError(process.communicate(timeout=SECONDS)[0])


def stop(process: "subprocess.Popen[str]") -> str:
    """End it as a terminal or systemd would; what it printed."""
    os.killpg(process.pid, signal.SIGTERM)
    printed, _ = process.communicate(timeout=SECONDS)
    return printed


def test_a_server_from_the_first_start_to_a_restored_one(tmp_path: Path) -> None:
    """Started, users made, used, backed up while it works, stopped, restored, started again."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = serve(tmp_path, port)
    admin = {
        "MLFLOW_TRACKING_URI": url,
        "MLFLOW_TRACKING_USERNAME": auth.ADMIN,
        "MLFLOW_TRACKING_PASSWORD": servers.PASSWORD,
        "LONGHAUL_USER_PASSWORD": servers.PASSWORD,
    }
    lifecycles.run(tmp_path, str(REPOSITORY), "user", who=admin, name="kim", role="promoter")
    before = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_USERNAME", "kim")
        patch.setenv("MLFLOW_TRACKING_PASSWORD", servers.PASSWORD)
        client = mlflow.MlflowClient(url)
        run = client.create_run("0").info.run_id
        client.log_text(run, "x", "x.txt")
        lifecycles.run(tmp_path, str(REPOSITORY), "backup", to="backups/one")
        printed = stop(process)
        assert f"{url} keeps runs in sqlite:///{tmp_path}/server/mlflow.db" in printed
        assert servers.PASSWORD not in printed
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}/health", timeout=5)
        lifecycles.run(tmp_path, str(REPOSITORY), "restore", backup="backups/one", folder="server2")
        process = serve(tmp_path, port, folder="server2", workers=1)
        mlflow.set_tracking_uri(url)
        assert mlflow.artifacts.load_text(f"runs:/{run}/x.txt") == "x"
        stop(process)
    mlflow.set_tracking_uri(before)
    kept = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db").search_runs(["0"])
    assert {one.data.tags["mlflow.project.entryPoint"] for one in kept} == {
        *("server", "backup", "restore")
    }
    assert "RUNNING" not in {one.info.status for one in kept}


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """In one line: no administrator's password, or a port that is taken."""
    start = {"who": {}, "port": free_port()}
    printed, _ = lifecycles.start(tmp_path, str(REPOSITORY), "server", **start).communicate()
    assert (
        "error: server: users: this server has none yet; set MLFLOW_AUTH_ADMIN_PASSWORD" in printed
    )
    assert "Traceback" not in printed.partition("error: server")[0]
    port = free_port()
    process = serve(tmp_path, port, users="false", workers=1)
    again = {"who": {}, "port": port, "users": "false", "folder": "other"}
    printed, _ = lifecycles.start(tmp_path, str(REPOSITORY), "server", **again).communicate()
    stop(process)
    assert f"error: server: port: {port} is taken" in printed
