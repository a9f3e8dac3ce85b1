"""Model servers, Longhaul's and MLflow's, as processes that run for the length of a block."""

import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from longhaul import fork_server, process
from longhaul.errors import LonghaulError
from longhaul.smoke_test.service import ServiceClient

HOST = "127.0.0.1"
START_SECONDS = 120.0

ServerContext = AbstractContextManager[ServiceClient]

_PROJECT = Path(__file__).resolve().parents[2]


def serve_longhaul(model: str, record: Path, **settings: Any) -> ServerContext:
    """Run Longhaul's service, outside of any MLflow run; see `run_server`.

    Parameters
    ----------
    model : str
        ``models:/…`` or ``runs:/…``.
    record : Path
        The folder of the prediction log.
    **settings
        Of `longhaul.serving.settings.ServiceSettings`, as JSON values.
    """
    document = {"model": model, "record": str(record), **settings}
    return run_server(partial(_start_longhaul, json.dumps(document)))


def serve_mlflow(model: str, timeout: float = START_SECONDS) -> ServerContext:
    """Run ``mlflow models serve``; see `run_server`.

    Parameters
    ----------
    model : str
        ``models:/…`` or ``runs:/…``.
    timeout : float
        Seconds until the model has to be loaded.
    """
    return run_server(partial(_start_mlflow, model), timeout)


def _start_longhaul(settings: str, address: Sequence[str], log: Path) -> process.Server:
    """Fork it where all that it imports is imported already, if there is such a server."""
    start = process.fork_module if fork_server.is_running() else process.start_module
    return start("longhaul.serving", [settings, *address], _PROJECT, log)


def _start_mlflow(model: str, address: Sequence[str], log: Path) -> process.Server:
    """Start a new Python, far from the project's folder: a model has to bring its own code."""
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", model]
    return process.start([*command, "--env-manager", "local", *address], log.parent, log)


@contextmanager
def run_server(
    start: Callable[[Sequence[str], Path], process.Server], timeout: float = START_SECONDS
) -> Iterator[ServiceClient]:
    """Run a server on a free port, and end all its processes after the block.

    The server has a process group of its own, which is ended as one, with any processes that a dead
    member left behind. On Linux it also ends when this process is killed.

    Parameters
    ----------
    start : callable
        Starts it, given its options ``--host`` and ``--port`` and the file of its log.
    timeout : float
        Seconds until it has to answer ``/ping``.

    Raises
    ------
    LonghaulError
        When it ends, or does not answer in time; the message has the last line of its log.
    """
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        log = Path(temporary) / "service.log"
        server = start(["--host", HOST, "--port", str(port)], log)
        service = ServiceClient(f"http://{HOST}:{port}")
        try:
            _wait(service, server, log, timeout)
            yield service
        finally:
            service.close()
            process.stop(server)


def _wait(service: ServiceClient, server: process.Server, log: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not service.is_ready():
        if server.poll() is not None:
            raise LonghaulError(
                f"the service ended with code {server.returncode}: {process.last_line(log)}"
            )
        if time.monotonic() > deadline:
            raise LonghaulError(
                f"the service does not answer after {timeout:.0f} s: {process.last_line(log)}"
            )
        time.sleep(process.POLL_SECONDS)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])
