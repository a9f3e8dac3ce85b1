"""Which process a run belongs to, and what became of runs that nobody closes any more."""

import contextlib
import os
import socket
import time

import mlflow
import psutil
from mlflow.entities import Run

from longhaul.tracking.tags import OWNER

STARTING_SECONDS = 3600.0  # more than it takes to build an environment

_SOURCE = "mlflow.source.name"


def current() -> str:
    """Name the process, so that others can tell whether it lives: host, id and start time."""
    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.0f}"


def has_ended(owner: str) -> bool:
    """Whether the process is known to have ended; one on another host is never known to."""
    host, pid, created = owner.rsplit("/", 2)
    if host != socket.gethostname():
        return False
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(int(pid))
        alive = process.status() != psutil.STATUS_ZOMBIE
        return not (alive and abs(process.create_time() - int(created)) <= 1)
    return True


def reap_orphans(parent: Run) -> list[str]:
    """Close the runs beside a new one that nobody closes any more; return their ids.

    Those of a process that is gone; and those of this project that no process has made its own
    for so long that none will: `mlflow run` may die between making a run and starting its command.
    """
    client = mlflow.MlflowClient()
    running = client.search_runs(
        [parent.info.experiment_id], "attributes.status = 'RUNNING'", max_results=1000
    )
    left = [run.info.run_id for run in running if _left(run, parent)]
    for run_id in left:
        client.set_terminated(run_id, "KILLED")
    return left


def _left(run: Run, parent: Run) -> bool:
    if OWNER in run.data.tags:
        return has_ended(run.data.tags[OWNER])
    same = run.data.tags.get(_SOURCE) == parent.data.tags.get(_SOURCE, "")
    return same and (time.time() - run.info.start_time / 1000) > STARTING_SECONDS


def close_children(run: Run) -> None:
    """Close what is still RUNNING below a run whose own work is done.

    All that it started has ended by then. What is left was made twice: the server had made it, but
    its answer was lost, and the request was sent again.
    """
    client = mlflow.MlflowClient()
    for left in client.search_runs(
        [run.info.experiment_id],
        f"attributes.status = 'RUNNING' and tags.`mlflow.parentRunId` = '{run.info.run_id}'",
    ):
        client.set_terminated(left.info.run_id, "KILLED")
