"""Processes forked by `multiprocessing`'s fork server, which has imported the libraries already.

Starting Python and importing MLflow takes seconds; forking a process that already has, a fifth of
one. The server imports in parallel to what the process that began it does. Its children share it:
what they start is forked by the same server. They end with their parent, even when it is killed.
"""

import contextlib
import gc
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import connection, forkserver, reduction
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import ModuleType
from typing import Any

GRACE_SECONDS = 10.0
PRELOADER, PRELOAD_NAMES = "longhaul.preload", "LONGHAUL_PRELOAD"


def warm_up(modules: Sequence[str]) -> None:
    """Begin to import modules in the fork server, without waiting for it.

    A process that the server has forked shares it, and a server that runs stays as it is.
    """
    # As steps/__init__.py does: the libraries read it when they are imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    if is_forked():
        return
    os.environ[PRELOAD_NAMES] = ",".join(modules)
    multiprocessing.get_context("forkserver").set_forkserver_preload([PRELOADER])
    forkserver.ensure_running()


def is_forked() -> bool:
    """Return whether this process is a child of the fork server."""
    return multiprocessing.parent_process() is not None


def is_running() -> bool:
    """Return whether there is a fork server that this process can use."""
    server: Any = forkserver._forkserver
    return is_forked() or server._forkserver_address is not None


class WarmProcess(ForkServerProcess):
    """A process that calls a function, or will; it has the folder and environment of its maker.

    Parameters
    ----------
    target : callable
        Found by its name in the child.
    *arguments : Any
        Passed to `target`; pickled.
    folder : Path, optional
        Its working directory, and where it looks for modules first; that of now if left out.
    environment : mapping of str to str, optional
        All of its variables; those of now if left out.
    output : int, optional
        Descriptor that becomes its stdout and stderr; if left out, they are those of now.
    name : str
    """

    def __init__(
        self,
        target: Callable[..., object],
        *arguments: Any,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        output: int | None = None,
        name: str = "",
    ):
        outputs = (1, 2) if output is None else (output, output)
        place = {
            "folder": str(folder or Path.cwd()),
            "environment": dict(os.environ if environment is None else environment),
            "outputs": [_Descriptor(number) for number in outputs],
            "server": _address(),
        }
        super().__init__(target=_begin, args=(place, target, arguments), name=name or None)

    def start(self) -> None:
        """Fork the child.

        It does not need this process's main module, which `multiprocessing` would let it import.
        """
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = main


def run_module(module: str, arguments: Sequence[str]) -> None:
    """Run ``python -m module arguments``; the target of a child, which becomes a group of its own.

    With the parent, the whole group ends.
    """
    os.setpgrp()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = [module, *arguments]
    sys.modules.pop(module, None)  # it may be imported already, and is run from its file
    runpy.run_module(module, run_name="__main__", alter_sys=True)


class _Descriptor:
    """A file descriptor that is sent to a child; there, it is the number of the copy."""

    def __init__(self, number: int):
        self._number = number

    def __reduce__(self) -> tuple[Callable[[Any], int], tuple[Any]]:
        return _receive, (reduction.DupFd(self._number),)


def _receive(duplicate: Any) -> int:
    return int(duplicate.detach())


def _begin(
    place: Mapping[str, Any], target: Callable[..., object], arguments: Sequence[Any]
) -> None:
    """Take the place that a child has been given, and call its function."""
    gc.freeze()  # collecting what the server imported would only copy its memory
    _share(place["server"])
    for number, copy in enumerate(place["outputs"], start=1):
        os.dup2(copy, number)
    for copy in set(place["outputs"]):
        os.close(copy)
    os.environ.clear()
    os.environ.update(place["environment"])
    tempfile.tempdir = None  # read TMPDIR again
    os.chdir(place["folder"])
    sys.path.insert(0, place["folder"])
    target(*arguments)


def _address() -> str:
    """Return the address at which the fork server listens."""
    if not is_forked():
        forkserver.ensure_running()
    server: Any = forkserver._forkserver
    return str(server._forkserver_address)


def _share(address: str) -> None:
    """Let this child start children of its own in the fork server that it came from.

    `multiprocessing` hands a child the pipe that keeps the server alive, but not the address of
    the server (in Python 3.11 to 3.14), and so the child would start another server.
    """
    server: Any = forkserver._forkserver
    server._forkserver_address = address
    server.ensure_running = lambda: None


def _end_with_parent() -> None:
    """Wait for the parent's end, then end this process and all that it started."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        with contextlib.suppress(ProcessLookupError):
            os.killpg(os.getpid(), signal.SIGTERM)
        threading.Event().wait(GRACE_SECONDS)
        os.killpg(os.getpid(), signal.SIGKILL)
