"""Whole life cycles for tests: as a user runs them, on a small table, in a copy of the project."""

import atexit
import contextlib
import functools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import mlflow
from mlflow.entities import Run

from longhaul import process
from tests import tables

REPOSITORY = Path(__file__).resolve().parents[1]
SMALL = {"families": "linear,lightgbm", "trials": 3, "minutes": 5}
SECONDS = 1200  # no test is about how long a life cycle takes


def copy(folder: Path) -> Path:
    """A copy of the project that a test may change."""
    files = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        text=True,
    )
    project = folder / "project"
    for name in files.splitlines():
        if (REPOSITORY / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, project / name)
    return project


class Life:
    """A life cycle in a fork of the test session's fork server, as `subprocess` would show it.

    Parameters
    ----------
    folder : Path
        The user's, from which ``mlflow run`` is called.
    arguments : list of str
        Of the command ``mlflow``.
    environment : dict of str to str
    """

    def __init__(self, folder: Path, arguments: list[str], environment: dict[str, str]):
        number, self._output = tempfile.mkstemp(prefix="longhaul-life-")
        os.close(number)
        request = {
            "home": str(folder),
            "arguments": arguments,
            "environment": environment,
            "output": self._output,
        }
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(fork_server())
        self._connection.sendall(f"{json.dumps(request)}\n".encode())
        self._answers = self._connection.makefile()
        self.pid = int(self._answers.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Ask for the exit code of a life that may be at work."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Block until it ends; its exit code, negative when it was killed."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("mlflow run", timeout or 0)
            self.returncode = int(self._answers.readline() or -signal.SIGKILL)
            self._answers.close()
            self._connection.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """Block until it ends; what it printed."""
        self.wait(timeout)
        output = Path(self._output)
        printed = output.read_text()
        output.unlink()
        return printed, None


@functools.cache
def fork_server() -> str:
    """Start the fork server of this test session; where it listens."""
    folder = tempfile.mkdtemp(prefix="longhaul-forks-")
    address = f"{folder}/socket"
    command = [sys.executable, "-m", "tests.fork_server", address]
    server = process.start(command, REPOSITORY, Path(folder, "log"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.stop, server)
    while not Path(address).exists():
        assert server.poll() is None, Path(folder, "log").read_text()
        time.sleep(0.02)
    return address


def start(
    home: Path,
    uri: str,
    entry_point: str = "main",
    who: Mapping[str, str] | None = None,
    stock: bool = False,
    **parameters: object,
) -> "Life | subprocess.Popen[str]":
    """Start ``mlflow run`` from the folder `home`.

    Its store is the default one there, or what the environment of `who` says. With `stock` it is
    a process of its own, as a user starts it; else a fork that has MLflow ready.
    """
    given = [f"-P{name}={value}" for name, value in parameters.items()]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment |= who or {}
    arguments = ["run", uri, "-e", entry_point, "--env-manager", "local", *given]
    if not stock:
        return Life(home, arguments, environment)
    return subprocess.Popen(
        [sys.executable, "-m", "mlflow", *arguments],
        cwd=home,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def run(home: Path, uri: str, entry_point: str = "main", **parameters: object) -> str:
    """Run to the end, which must be good; what it printed."""
    life = start(home, uri, entry_point, **parameters)
    printed, _ = life.communicate(timeout=SECONDS)
    assert life.returncode == 0, printed
    return printed


def home(folder: Path, brief: bool = False) -> Path:
    """A user's folder, with a table and its problem file in it; with `brief`, of few months."""
    path = folder / "home"
    path.mkdir()
    if brief:
        tables.declare_brief(path)
    else:
        tables.declare(path)
    return path


def use(path: Path) -> str:
    """Look at the store of a user's folder from this process; its URI."""
    uri = f"sqlite:///{path}/mlflow.db"
    mlflow.set_tracking_uri(uri)
    return uri


def parents() -> list[Run]:
    """The runs of whole life cycles, newest first."""
    return mlflow.MlflowClient().search_runs(
        ["0"], "tags.`mlflow.project.entryPoint` = 'main'", order_by=["start_time DESC"]
    )


def children(parent: Run) -> dict[str, Run]:
    """The runs under another one, by name."""
    found = mlflow.MlflowClient().search_runs(
        ["0"], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'"
    )
    return {run.info.run_name: run for run in found}


def reused(parent: Run) -> set[str]:
    """The stages that a life cycle took over from earlier ones."""
    prefix = "longhaul.reused."
    return {
        tag.removeprefix(prefix).replace(".", " ")
        for tag in parent.data.tags
        if tag.startswith(prefix)
    }
