"""Workers: the processes that answer, forked where what they need is imported already."""

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Sequence

from uvicorn import Config
from uvicorn._subprocess import subprocess_started
from uvicorn.supervisors import multiprocess

from longhaul import fork_server
from longhaul.fork_server import WarmProcess

APP = "longhaul.serving.app"


def warm_up() -> None:
    """Begin to import what workers need, in the process that forks them, beside all else."""
    fork_server.warm_up([APP])


def fork() -> None:
    """Let uvicorn's supervisors fork their workers, instead of starting Python for each."""
    multiprocess.get_subprocess = _worker  # type: ignore  # what they call for a worker


def _worker(
    config: Config, target: Callable[..., None], sockets: Sequence[socket.socket]
) -> WarmProcess:
    return WarmProcess(_run, config, target, sockets, os.getpgrp(), name="worker")


def _run(
    config: Config, target: Callable[..., None], sockets: Sequence[socket.socket], group: int
) -> None:
    """Serve; the target of a worker, which joins the supervisor's process group."""
    with contextlib.suppress(OSError):  # where that is in another session
        os.setpgid(0, group)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the fork server ignores it
    subprocess_started(config, target, list(sockets), None)
