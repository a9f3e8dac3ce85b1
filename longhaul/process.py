"""Servers as processes: each leads a group of its own, which ends as one."""

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

STOP_SECONDS = 5.0  # less than a cancelled stage is given to end
POLL_SECONDS = 0.1

Server = subprocess.Popen[bytes]

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, see prctl(2)


def start(
    command: Sequence[str],
    folder: Path,
    log: Path,
    environment: Mapping[str, str] = os.environ,
) -> Server:
    """Start a server; on Linux it also ends when this process is killed.

    Parameters
    ----------
    command : sequence of str
    folder : Path
        Where it runs.
    log : Path
        What it prints is added to this file.
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


def stop(server: Server) -> None:
    """End the server's process group: first politely, then by force."""
    deadline = time.monotonic() + STOP_SECONDS
    _signal(server, signal.SIGTERM)
    while _members(server) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    _signal(server, signal.SIGKILL)
    server.wait()


def last_line(log: Path) -> str:
    """The last thing that a server has to say."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "its log is empty"


def _signal(server: Server, number: int) -> None:
    """Send a signal to the group; macOS denies it to one that has only zombies."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, number)


def _members(server: Server) -> list[int]:
    """Who is alive in the server's process group."""
    return [one.pid for one in psutil.process_iter() if _alive(one, server.pid)]


def _alive(one: psutil.Process, group: int) -> bool:
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        return os.getpgid(one.pid) == group and one.status() != psutil.STATUS_ZOMBIE
    return False


def _end_with_parent() -> Callable[[], object] | None:
    """What Linux needs to be told in the child, so that it ends when this process is killed."""
    if sys.platform != "linux":
        return None
    return functools.partial(ctypes.CDLL(None).prctl, _SET_PARENT_DEATH_SIGNAL, int(signal.SIGTERM))
