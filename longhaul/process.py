"""Server processes, each the leader of a process group that is ended together."""

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from longhaul import fork_server
from longhaul.fork_server import WarmProcess

STOP_SECONDS = 5.0  # less than a cancelled step is given to end
POLL_SECONDS = 0.1


class Server(Protocol):
    """A process that leads a group; `subprocess.Popen` is one."""

    @property
    def pid(self) -> int:
        """Return its id, which is also the group's."""
        ...

    @property
    def returncode(self) -> Any:
        """Return the exit code, as far as `poll` or `wait` has asked; None while it runs."""
        ...

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        ...

    def wait(self) -> int:
        """Wait for the end; return the exit code."""
        ...


_NICENESS = 10
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, see prctl(2)


def start(
    command: Sequence[str],
    folder: Path,
    log: Path,
    environment: Mapping[str, str] = os.environ,
) -> Server:
    """Start a server; on Linux, it also ends when this process is killed.

    Parameters
    ----------
    command : sequence of str
    folder : Path
        Working directory.
    log : Path
        Its output is appended to this file.
    environment : mapping of str to str
    """
    # MLflow starts the uvicorn that is first on the PATH.
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent(),
        )


def stand_back() -> None:
    """Let other threads on this machine go before the calling one, and those that it starts."""
    with contextlib.suppress(OSError):  # on Linux a priority belongs to a thread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def start_module(module: str, arguments: Sequence[str], folder: Path, log: Path) -> Server:
    """Start ``python -m module arguments`` in a new Python; see `start` for the parameters."""
    return start([sys.executable, "-m", module, *arguments], folder, log)


def fork_module(module: str, arguments: Sequence[str], folder: Path, log: Path) -> Server:
    """Fork ``python -m module arguments`` from the fork server; it ends when this process does.

    Parameters
    ----------
    module : str
    arguments : sequence of str
    folder : Path
        Working directory.
    log : Path
        Its output is appended to this file.
    """
    with log.open("ab") as output:
        process = WarmProcess(
            fork_server.run_module,
            module,
            list(arguments),
            folder=folder,
            output=output.fileno(),
            name=module,
        )
        process.start()
    return _ForkedServer(process)


@dataclass(frozen=True)
class _ForkedServer:
    """A forked process that can be asked as `subprocess.Popen` can."""

    process: WarmProcess

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int:
        self.process.join()
        return self.process.exitcode or 0


def stop(server: Server) -> None:
    """End the server's process group: by SIGTERM first, by SIGKILL after `STOP_SECONDS`."""
    deadline = time.monotonic() + STOP_SECONDS
    _signal(server, signal.SIGTERM)
    while _members(server) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    _signal(server, signal.SIGKILL)
    server.wait()


def last_line(log: Path) -> str:
    """Return the last line of a log that is not blank."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "its log is empty"


def _signal(server: Server, number: int) -> None:
    """Send a signal to the group; macOS denies it to one that has only zombies."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, number)


def _members(server: Server) -> list[int]:
    """Return the ids of the living processes in the server's group."""
    return [process.pid for process in psutil.process_iter() if _alive(process, server.pid)]


def _alive(process: psutil.Process, group: int) -> bool:
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    return False


def _end_with_parent() -> Callable[[], object] | None:
    """Return the call that makes Linux end a child when this process is killed."""
    if sys.platform != "linux":
        return None
    return functools.partial(ctypes.CDLL(None).prctl, _SET_PARENT_DEATH_SIGNAL, int(signal.SIGTERM))
