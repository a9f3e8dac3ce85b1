"""Run `mlflow run` in forks of one process that has imported everything already.

``python -m tests.fork_server <socket>`` listens for requests, each a line of JSON, and answers each
in a child of its own, with the folder, the environment and the output that the request names. The
child calls MLflow's own command line; only where MLflow would start ``python main.py`` in a shell,
a child that was forked for it runs ``main.py`` instead, and where that starts multiprocessing's
fork server, it is forked as well. So a life cycle spends its time on its steps, not on imports.
What is run is the same: `tests.test_main` compares it with stock ``mlflow run``. Only pictures are
not laid out (see `tests.plain_pictures`), and SQLite does not wait for the disk.
"""

import contextlib
import gc
import importlib
import json
import multiprocessing
import os
import runpy
import shlex
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import forkserver, resource_tracker, util
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("longhaul", "steps", "main", "docs", "benchmarks")
STEPS = [f"steps.{path.stem}" for path in sorted((REPOSITORY / "steps").glob("[!_]*.py"))]


def preload() -> None:
    """Import what life cycles import; their pictures are drawn as they come."""
    from longhaul.pipeline import warm_backend
    from longhaul.plots import style
    from tests import plain_pictures, stores

    for name in (
        *STEPS,
        "main",
        *warm_backend.PRELOAD,
        "mlflow.cli",
        "mlflow.projects.backend.local",
    ):
        importlib.import_module(name)
    style.canvas = plain_pictures.canvas
    stores.do_not_sync()
    resource_tracker.ensure_running()
    gc.collect()
    gc.freeze()
    assert threading.active_count() == 1, threading.enumerate()


def serve(listener: socket.socket) -> Callable[[], int]:
    """Accept requests for ever; what this returns is the work of a child."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    while True:
        connection, _ = listener.accept()
        request = json.loads(connection.makefile().readline())
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            return _prepare(connection, request)
        connection.close()


def _prepare(connection: socket.socket, request: dict[str, Any]) -> Callable[[], int]:
    """Become a process as the request wants it, with a child that is ready to run a step."""
    os.setsid()
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["home"])
    with open(request["output"], "ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    command_r, command_w = os.pipe()
    step = os.fork()
    if step == 0:
        os.close(command_w)
        return lambda: _step(command_r, connection)
    os.close(command_r)
    connection.sendall(f"{os.getpid()}\n".encode())
    return lambda: _command_line(connection, request["arguments"], step, command_w)


def _command_line(connection: socket.socket, arguments: Sequence[str], step: int, pipe: int) -> int:
    """Be ``mlflow`` with some arguments; tell whoever asked how it ended."""
    from mlflow.cli import cli
    from mlflow.projects.backend import local

    local._run_entry_point = partial(_submit, local, step, pipe)
    code = 1
    try:
        cli.main(list(arguments), prog_name="mlflow")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            os.close(pipe)  # a child that was not needed ends by this
        sys.stdout.flush()
        sys.stderr.flush()
        with contextlib.suppress(OSError):
            connection.sendall(f"{code}\n".encode())
    return code


def _submit(
    local: Any, step: int, pipe: int, command: str, folder: str, experiment_id: str, run_id: str
) -> Any:
    """Let the child run a command, in the environment that MLflow's local backend gives it."""
    environment = {**os.environ, **local.get_run_env_vars(run_id, experiment_id)}
    order = {"command": command, "folder": folder, "environment": environment}
    with open(pipe, "w") as orders:
        json.dump(order, orders)
    return local.LocalSubmittedRun(run_id, _Child(step))


class _Child:
    """A forked process, as MLflow knows it of `subprocess`."""

    def __init__(self, pid: int):
        self.pid, self._code = pid, None

    def wait(self) -> int:
        """Block until it ends; its exit code."""
        return self._join(0)

    def poll(self) -> int | None:
        """Ask for the exit code of a child that may be at work."""
        return self._join(os.WNOHANG)

    def terminate(self) -> None:
        """Ask it to end."""
        os.kill(self.pid, signal.SIGTERM)

    def _join(self, how: int) -> int | None:
        if self._code is None:
            ended, status = os.waitpid(self.pid, how)
            self._code = os.waitstatus_to_exitcode(status) if ended else None
        return self._code


def _step(pipe: int, connection: socket.socket) -> int:
    """Wait for a command, and become the Python program that it starts.

    The connection stays open for as long as there is anything to be printed.
    """
    with open(pipe) as orders:
        text = orders.read()
    if not text:
        os._exit(0)
    order = json.loads(text)
    os.environ.clear()
    os.environ.update(order["environment"])
    folder = order["folder"]
    os.chdir(folder)
    program, *arguments = shlex.split(order["command"])
    assert program == "python", order
    sys.path[0] = folder
    if Path(folder).resolve() != REPOSITORY:
        for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
            del sys.modules[name]
    _fork_the_fork_server()
    if arguments[0] == "-m":
        module = arguments[1]
        sys.argv = [module, *arguments[2:]]
        sys.modules.pop(module, None)
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.modules.pop(Path(arguments[0]).stem, None)
        runpy.run_path(arguments[0], run_name="__main__")
    return 0


def _fork_the_fork_server() -> None:
    """Start multiprocessing's fork server, as the warm backend would, by a fork of this process."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(STEPS)
    spawn = util.spawnv_passfds
    util.spawnv_passfds = _fork
    try:
        forkserver.ensure_running()
    finally:
        util.spawnv_passfds = spawn


def _fork(path: str, arguments: Sequence[str], kept: Sequence[int]) -> int:
    """Run the code of ``python -c`` in a fork, which has no files open but some."""
    pid = os.fork()
    if pid:
        return pid
    try:
        keep = {0, 1, 2, *kept, resource_tracker.getfd()}
        for number in range(3, 1024):
            if number not in keep:
                with contextlib.suppress(OSError):
                    os.close(number)
        exec(arguments[-1], {"__name__": "__main__"})
    finally:
        os._exit(0)


if __name__ == "__main__":
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{sys.argv[1]}.draft")
        door.listen(16)
        Path(f"{sys.argv[1]}.draft").rename(sys.argv[1])  # who sees the name can connect
        preload()
        work = serve(door)
    sys.exit(work())
