"""Model servers, Longhaul's and MLflow's, as processes that are there for the length of a block."""

import contextlib
import ctypes
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psutil

from longhaul.deployment.service import Service
from longhaul.errors import LonghaulError

HOST = "127.0.0.1"
START_SECONDS = 120.0
STOP_SECONDS = 5.0  # less than a cancelled stage is given to end
POLL_SECONDS = 0.1

Running = AbstractContextManager[Service]

_PROJECT = Path(__file__).resolve().parents[2]
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, see prctl(2)


def own(model: str, record: Path, **settings: Any) -> Running:
    """Run Longhaul's service, outside of any MLflow run; see `run`.

    Parameters
    ----------
    model : str
        ``models:/…`` or ``runs:/…``.
    record : Path
        The folder of the prediction record.
    **settings
        Of `longhaul.serving.settings.Settings`, as JSON knows them.
    """
    plain = {"model": model, "record": str(record), **settings}
    command = [sys.executable, "-m", "longhaul.serving", json.dumps(plain)]
    return run(command, _PROJECT)


def stock(model: str, timeout: float = START_SECONDS) -> Running:
    """Run ``mlflow models serve``; see `run`.

    Parameters
    ----------
    model : str
        ``models:/…`` or ``runs:/…``.
    timeout : float
        How many seconds it may take to load the model.
    """
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", model]
    # Far from the project's folder: a model has to bring its own code.
    return run([*command, "--env-manager", "local"], None, timeout)


@contextmanager
def run(
    command: list[str], folder: Path | None, timeout: float = START_SECONDS
) -> Iterator[Service]:
    """Run a server on a free port; nothing is left of it after the block.

    The server has a process group of its own, which is ended as one: also what a part of it that
    has died has left behind. On Linux it also ends when this process is killed.

    Parameters
    ----------
    command : list of str
        Gets ``--host`` and ``--port``.
    folder : Path or None
        Where to run it; None is a temporary one.
    timeout : float
        How many seconds it may take until it answers ``/ping``.

    Raises
    ------
    LonghaulError
        When it ends, or does not answer in time; with the last line of its log.
    """
    port = _free_port()
    command = [*command, "--host", HOST, "--port", str(port)]
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        log = Path(temporary) / "service.log"
        process = _start(command, folder or log.parent, log)
        service = Service(f"http://{HOST}:{port}")
        try:
            _wait(service, process, log, timeout)
            yield service
        finally:
            service.close()
            _stop(process)


def _start(command: list[str], folder: Path, log: Path) -> "subprocess.Popen[bytes]":
    # MLflow starts the uvicorn that is first on the PATH.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent(),
        )


def _wait(service: Service, process: "subprocess.Popen[bytes]", log: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not service.ready():
        if process.poll() is not None:
            raise LonghaulError(
                f"the service ended with code {process.returncode}: {_last_line(log)}"
            )
        if time.monotonic() > deadline:
            raise LonghaulError(
                f"the service does not answer after {timeout:.0f} s: {_last_line(log)}"
            )
        time.sleep(POLL_SECONDS)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the server's process group: first politely, then by force."""
    deadline = time.monotonic() + STOP_SECONDS
    _signal(process, signal.SIGTERM)
    while _members(process) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: int) -> None:
    """Send a signal to the group; macOS denies it to one that has only zombies."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _members(process: "subprocess.Popen[bytes]") -> list[int]:
    """Who is alive in the server's process group."""
    return [one.pid for one in psutil.process_iter() if _alive(one, process.pid)]


def _alive(one: psutil.Process, group: int) -> bool:
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        return os.getpgid(one.pid) == group and one.status() != psutil.STATUS_ZOMBIE
    return False


def _end_with_parent() -> Callable[[], object] | None:
    """What Linux needs to be told in the child, so that it ends when this process is killed."""
    if sys.platform != "linux":
        return None
    return functools.partial(ctypes.CDLL(None).prctl, _SET_PARENT_DEATH_SIGNAL, int(signal.SIGTERM))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "its log is empty"
