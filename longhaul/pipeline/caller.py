"""The process that called `mlflow run`: its folder, and its end."""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import psutil

from longhaul.errors import LonghaulError

PROJECT = Path(__file__).resolve().parents[2]
GRACE_SECONDS = 10.0


def process() -> psutil.Process | None:
    """Find the nearest ancestor process other than the shell that MLflow starts."""
    with contextlib.suppress(psutil.Error):
        for ancestor in psutil.Process().parents():
            if not _is_shell(ancestor.cmdline()):
                return ancestor
    return None


def folder() -> Path:
    """Return the folder from which `mlflow run` was called; steps themselves run in the project's.

    A project that is run from a Git URL lives in a temporary clone, so this is the only way to
    understand a relative path in a parameter.
    """
    ancestor = process()
    if ancestor is not None:
        with contextlib.suppress(psutil.Error):
            return Path(ancestor.cwd())
    return Path.cwd()


def problem_file(text: str) -> Path:
    """Find the problem file that a parameter names.

    Parameters
    ----------
    text : str
        A path, relative to the folder of the caller, or the name of a file in ``problems/``.

    Raises
    ------
    LonghaulError
        When there is no such file.
    """
    declared = PROJECT / "problems"
    for path in (folder() / text, declared / f"{text}.yaml"):
        if path.is_file():
            return path.resolve()
    names = ", ".join(sorted(path.stem for path in declared.glob("*.yaml")))
    raise LonghaulError(
        f"problem: {text!r} is neither a file in {folder()} nor the name of a problem in problems/"
        f" ({names})"
    )


def end_with_caller() -> None:
    """End this process when the one that called it has ended, even by SIGKILL.

    MLflow's own local backend leaves its children running when it is killed. The end is asked
    for with SIGTERM, so that runs are closed, and forced after a grace time.
    """
    ancestor = process()
    if ancestor is not None:
        threading.Thread(target=_follow, args=(ancestor,), daemon=True).start()


def _is_shell(command: list[str]) -> bool:
    return command[1:2] == ["-c"] and Path(command[0]).name in {"bash", "sh"}


def _follow(ancestor: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        while ancestor.is_running() and ancestor.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(143)
