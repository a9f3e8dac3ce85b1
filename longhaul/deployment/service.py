"""MLflow's own model server, as a process that is there for the length of a block."""

import contextlib
import ctypes
import functools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import requests

from longhaul.deployment import payload
from longhaul.errors import LonghaulError

HOST = "127.0.0.1"
START_SECONDS = 120.0
STOP_SECONDS = 10.0
REQUEST_SECONDS = 60.0
POLL_SECONDS = 0.1

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, see prctl(2)


class Service:
    """A model server that answers.

    Parameters
    ----------
    address : str
        Such as ``http://127.0.0.1:5001``.
    """

    def __init__(self, address: str):
        self.address = address
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy has no business on this machine

    def ready(self) -> bool:
        """Whether the server says that its model is loaded."""
        with contextlib.suppress(requests.RequestException):
            return bool(self._session.get(f"{self.address}/ping", timeout=POLL_SECONDS * 10).ok)
        return False

    def ask(self, frame: pd.DataFrame) -> tuple[np.ndarray, float]:
        """Send rows in one request.

        Parameters
        ----------
        frame : DataFrame of n rows

        Returns
        -------
        probability : ndarray of float64, shape (n,)
        seconds : float
            From the first byte sent to the last one received.

        Raises
        ------
        LonghaulError
            When the service refuses, or answers something else than n predictions.
        """
        body, headers = payload.dumps(frame), {"Content-Type": "application/json"}
        start = time.perf_counter()
        try:
            answer = self._session.post(
                f"{self.address}/invocations", body, headers=headers, timeout=REQUEST_SECONDS
            )
        except requests.RequestException as error:
            raise LonghaulError(f"the service does not answer: {_first_line(error)}") from None
        seconds = time.perf_counter() - start
        return _probability(answer, len(frame)), seconds

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


@contextmanager
def serve(model: str, timeout: float = START_SECONDS) -> Iterator[Service]:
    """Run ``mlflow models serve`` on a free port; nothing is left of it after the block.

    The server stays in the process group of this process, so that whoever ends the group ends
    both; on Linux it also ends with this process when that is killed.

    Parameters
    ----------
    model : str
        ``models:/…`` or ``runs:/…``.
    timeout : float
        How many seconds it may take to load the model.

    Raises
    ------
    LonghaulError
        When it ends, or does not answer in time; with the last line of its log.
    """
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        log, port = Path(temporary) / "service.log", _free_port()
        process = _start(model, port, log)
        service = Service(f"http://{HOST}:{port}")
        try:
            _wait(service, process, log, timeout)
            yield service
        finally:
            service.close()
            _stop(process)


def _start(model: str, port: int, log: Path) -> "subprocess.Popen[bytes]":
    """Start the server far from the project's folder: a model has to bring its own code."""
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", model]
    command += ["--env-manager", "local", "-h", HOST, "-p", str(port)]
    # MLflow starts the uvicorn that is first on the PATH.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=log.parent,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
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
    """End the server and all that it started: first politely, then by force."""
    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        leader = psutil.Process(process.pid)
        family = [leader, *leader.children(recursive=True)]
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                end(member)
        _, family = psutil.wait_procs(family, timeout=STOP_SECONDS)
    process.wait()


def _end_with_parent() -> Callable[[], object] | None:
    """What Linux needs to be told in the child, so that it ends when this process is killed."""
    if sys.platform != "linux":
        return None
    return functools.partial(ctypes.CDLL(None).prctl, _SET_PARENT_DEATH_SIGNAL, int(signal.SIGTERM))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def _probability(answer: requests.Response, count: int) -> np.ndarray:
    if not answer.ok:
        raise LonghaulError(
            f"the service answers {answer.status_code}: {' '.join(answer.text.split())[:300]}"
        )
    try:
        rows = answer.json()["predictions"]
        probability = np.array([row["probability"] for row in rows], dtype=float)
    except (ValueError, KeyError, TypeError) as error:
        raise LonghaulError(f"the service's answer has no probabilities: {error!r}") from None
    if len(probability) != count:
        raise LonghaulError(f"the service answers {len(probability)} rows when asked {count}")
    return probability


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "its log is empty"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
