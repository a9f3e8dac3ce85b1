"""Tracking servers for tests: real ones, with users, on free ports."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest

from longhaul import process as processes
from longhaul.tracking_server import auth, process
from longhaul.tracking_server.settings import ServerSettings, resolve_storage
from tests.ports import free_port

ADMIN, PASSWORD = "admin", "a password for tests"
USERS = {"rita": "reader", "tom": "trainer", "kim": "promoter"}
# A client that gives up sooner than MLflow's own defaults would, but waits for a restart.
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "7",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}


class Tracking:
    """A tracking server that can be killed and started again, with its store as it was."""

    def __init__(self, folder: Path, database: str = "", artifacts: str = ""):
        self.folder = folder
        store = resolve_storage("server", database, artifacts, folder)
        self.settings = ServerSettings(store, "127.0.0.1", free_port(), workers=1)
        self.url = self.settings.url
        self.server: processes.Server
        self._running = process.start(self.settings)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._running = process.start(self.settings)
        self.server = self._running.__enter__()

    def stop(self) -> None:
        """Stop it, politely."""
        self._running.__exit__(None, None, None)

    def kill(self) -> None:
        """Kill the whole of it, as a power cut would."""
        os.killpg(self.server.pid, signal.SIGKILL)
        self.stop()

    def who(self, name: str) -> dict[str, str]:
        """What the environment of a user's processes holds."""
        return {
            "MLFLOW_TRACKING_URI": self.url,
            "MLFLOW_TRACKING_USERNAME": name,
            "MLFLOW_TRACKING_PASSWORD": PASSWORD,
            **PATIENCE,
        }

    @contextmanager
    def as_user(self, name: str) -> Iterator[mlflow.MlflowClient]:
        """Be a user in this process, for the length of a block."""
        before = mlflow.get_tracking_uri()
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in self.who(name).items():
                patch.setenv(variable, value)
            patch.delenv("MLFLOW_RUN_ID", raising=False)
            mlflow.set_tracking_uri(self.url)
            mlflow.set_experiment(experiment_id="0")
            yield mlflow.MlflowClient()
        mlflow.set_tracking_uri(before)


@contextmanager
def tracking(folder: Path, database: str = "", artifacts: str = "") -> Iterator[Tracking]:
    """A server with one user of each role, for the length of a block."""
    folder.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_AUTH_ADMIN_PASSWORD", PASSWORD)
        server = Tracking(folder, database, artifacts)
        server.start()
        try:
            with server.as_user(ADMIN):
                client = auth.client(server.url)
                for name, role in USERS.items():
                    auth.grant_role(client, name, role, PASSWORD)
            yield server
        finally:
            server.stop()
