"""End what test sessions leave running when they are killed, however many processes that is.

Each session names itself in the environment, which all that it starts inherits.
"""

import contextlib
import os

import psutil

NAME = "LONGHAUL_TEST_SESSION"


def begin() -> bool:
    """Name this session in the environment; whether it is one of its own, and not a part of one."""
    if _is_alive(os.environ.get(NAME, "")):
        return False
    os.environ[NAME] = _name(psutil.Process())
    return True


def end(session: str = "") -> list[str]:
    """Kill the processes of sessions that are gone, and of `session`; the names of the killed.

    Nothing is killed that does not carry the name of a session in its environment.
    """
    killed = []
    family = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            owner = process.environ().get(NAME, "")
            over = owner == session or not _is_alive(owner)
            if owner and over and process.pid not in family:
                killed.append(f"{process.pid} {process.name()}")
                process.kill()
    return killed


def _name(process: psutil.Process) -> str:
    return f"{process.pid}/{process.create_time():.2f}"


def _is_alive(session: str) -> bool:
    """Whether the pytest that a session is named after still runs."""
    with contextlib.suppress(psutil.Error, ValueError):
        process = psutil.Process(int(session.partition("/")[0]))
        return _name(process) == session and process.status() != psutil.STATUS_ZOMBIE
    return False
