"""A tracking server at work: MLflow's own, told what Longhaul's life cycles need."""

import errno
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from longhaul import database_url as addresses
from longhaul import process
from longhaul.errors import LonghaulError
from longhaul.tracking_server import artifacts, auth
from longhaul.tracking_server.settings import ServerSettings, require_admin

START_SECONDS = 180.0
LOG = "server.log"

_OURS = ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")


def serve(settings: ServerSettings, say: Callable[[str], None]) -> None:
    """Run the server until it ends, or this process is told to.

    Parameters
    ----------
    settings : Settings
    say : callable
        Is told when it answers.

    Raises
    ------
    LonghaulError
        When the database refuses, or the server ends by itself; with the last line of its log.
    """
    with start(settings) as server:
        database = addresses.hide_password(settings.store.database)
        say(f"{settings.url} keeps runs in {database}, artifacts in {settings.store.artifacts}")
        while server.poll() is None:
            time.sleep(process.POLL_SECONDS)
        raise _ended(settings, server)


@contextmanager
def start(settings: ServerSettings) -> Iterator[process.Server]:
    """Run the server for the length of a block, which begins when it answers; see `serve`."""
    _require_free(settings.host, settings.port)
    settings.store.folder.mkdir(parents=True, exist_ok=True)
    addresses.check_connection(settings.store.database, "database")
    artifacts.check_access(settings.store.artifacts)
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        environment = _environment(settings)
        if settings.users:
            require_admin(auth.create_tables(settings.store.database))
            path = Path(temporary) / "auth.ini"
            auth.configure(path, settings.store.database)
            environment |= {"MLFLOW_AUTH_CONFIG_PATH": str(path)}
        log = settings.store.folder / LOG
        server = process.start(_command(settings), settings.store.folder, log, environment)
        try:
            _wait(settings, server)
            yield server
        finally:
            process.stop(server)


def _require_free(host: str, port: int) -> None:
    """Refuse a port that another process listens on: its answers would be taken for ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            said = "is taken" if error.errno == errno.EADDRINUSE else error.strerror
            raise LonghaulError(f"port: {port} {said} (host {host})") from None


def _command(settings: ServerSettings) -> list[str]:
    command = [sys.executable, "-m", "mlflow", "server", "--host", settings.host]
    command += ["--port", str(settings.port), "--workers", str(settings.workers)]
    if settings.names:
        origins = [f"{scheme}://{name}" for name in settings.names for scheme in ("https", "http")]
        command += ["--allowed-hosts", ",".join(settings.names)]
        command += ["--cors-allowed-origins", ",".join(origins)]
    if settings.users:
        # Without workspaces, MLflow lets everybody who has a name make experiments and models.
        command += ["--app-name", "basic-auth", "--enable-workspaces"]
    return command


def _environment(settings: ServerSettings) -> dict[str, str]:
    """Addresses go by the environment: the arguments of a process are for all to read."""
    inherited = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(),
        **inherited,
        "MLFLOW_BACKEND_STORE_URI": settings.store.database,
        "MLFLOW_ARTIFACTS_DESTINATION": settings.store.artifacts,
    }


def _wait(settings: ServerSettings, server: process.Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(settings.url):
        if server.poll() is not None:
            raise _ended(settings, server)
        if time.monotonic() > deadline:
            raise LonghaulError(f"the server does not answer; see {settings.store.folder / LOG}")
        time.sleep(process.POLL_SECONDS)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).status_code == requests.codes.ok
    except requests.RequestException:
        return False


def _ended(settings: ServerSettings, server: process.Server) -> LonghaulError:
    log = settings.store.folder / LOG
    return LonghaulError(
        f"the server ended with code {server.returncode}: {process.last_line(log)} (see {log})"
    )
