"""Process of the tracking server: MLflow's own server, set up for Longhaul's life cycles."""

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

from longhaul import database_url, process
from longhaul.errors import LonghaulError
from longhaul.tracking_server import artifacts, auth
from longhaul.tracking_server.settings import ServerSettings, require_admin

START_SECONDS = 180.0
LOG = "server.log"

_CLIENT_VARIABLES = (
    "MLFLOW_RUN_ID",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
)


def serve(settings: ServerSettings, say: Callable[[str], None]) -> None:
    """Run the server until it ends or this process is stopped.

    Parameters
    ----------
    settings : ServerSettings
    say : callable
        Called with a line when the server answers.

    Raises
    ------
    LonghaulError
        When the database refuses, or the server ends by itself; the last line of its log is quoted.
    """
    with start(settings) as server:
        database = database_url.hide_password(settings.storage.database)
        say(f"{settings.url} keeps runs in {database}, artifacts in {settings.storage.artifacts}")
        while server.poll() is None:
            time.sleep(process.POLL_SECONDS)
        raise _ended(settings, server)


@contextmanager
def start(settings: ServerSettings) -> Iterator[process.Server]:
    """Run the server for the length of a block, which begins once it answers; see `serve`."""
    _require_free(settings.host, settings.port)
    settings.storage.folder.mkdir(parents=True, exist_ok=True)
    database_url.check_connection(settings.storage.database, "database")
    artifacts.check_access(settings.storage.artifacts)
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        environment = _environment(settings)
        if settings.users:
            require_admin(auth.create_tables(settings.storage.database))
            path = Path(temporary) / "auth.ini"
            auth.configure(path, settings.storage.database)
            environment |= {"MLFLOW_AUTH_CONFIG_PATH": str(path)}
        log = settings.storage.folder / LOG
        server = process.start(_command(settings), settings.storage.folder, log, environment)
        try:
            _wait(settings, server)
            yield server
        finally:
            process.stop(server)


def _require_free(host: str, port: int) -> None:
    """Refuse a port that another process listens on: its answers would be mistaken for ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            reason = "is taken" if error.errno == errno.EADDRINUSE else error.strerror
            raise LonghaulError(f"port: {port} {reason} (host {host}); name another port") from None


def _command(settings: ServerSettings) -> list[str]:
    command = [sys.executable, "-m", "mlflow", "server", "--host", settings.host]
    command += ["--port", str(settings.port), "--workers", str(settings.workers)]
    if settings.allowed_hosts:
        hosts = settings.allowed_hosts
        origins = [f"{scheme}://{host}" for host in hosts for scheme in ("https", "http")]
        command += ["--allowed-hosts", ",".join(hosts)]
        command += ["--cors-allowed-origins", ",".join(origins)]
    if settings.users:
        # Without workspaces, MLflow lets every user create experiments and models.
        command += ["--app-name", "basic-auth", "--enable-workspaces"]
    return command


def _environment(settings: ServerSettings) -> dict[str, str]:
    """Pass addresses by the environment: every user can read the arguments of a process."""
    inherited = {name: value for name, value in os.environ.items() if name not in _CLIENT_VARIABLES}
    return {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(),
        **inherited,
        "MLFLOW_BACKEND_STORE_URI": settings.storage.database,
        "MLFLOW_ARTIFACTS_DESTINATION": settings.storage.artifacts,
    }


def _wait(settings: ServerSettings, server: process.Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(settings.url):
        if server.poll() is not None:
            raise _ended(settings, server)
        if time.monotonic() > deadline:
            raise LonghaulError(
                f"the server does not answer after {START_SECONDS:.0f} s; see"
                f" {settings.storage.folder / LOG}"
            )
        time.sleep(process.POLL_SECONDS)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).status_code == requests.codes.ok
    except requests.RequestException:
        return False


def _ended(settings: ServerSettings, server: process.Server) -> LonghaulError:
    log = settings.storage.folder / LOG
    return LonghaulError(
        f"the server ended with code {server.returncode}: {process.last_line(log)} (see {log})"
    )
