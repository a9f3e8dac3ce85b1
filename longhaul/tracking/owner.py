"""Which process a run belongs to, and what became of runs that nobody closes any more."""

import contextlib
import os
import socket

import mlflow
import psutil
from mlflow.entities import Run

from longhaul.tracking.tags import OWNER


def current() -> str:
    """Name the process, so that others can tell whether it lives: host, id and start time."""
    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.0f}"


def gone(owner: str) -> bool:
    """Whether the process is known to have ended; one on another host is never known to."""
    host, pid, created = owner.rsplit("/", 2)
    if host != socket.gethostname():
        return False
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(int(pid))
        alive = process.status() != psutil.STATUS_ZOMBIE
        return not (alive and abs(process.create_time() - int(created)) <= 1)
    return True


def sweep(experiment_id: str) -> list[str]:
    """Close the runs of an experiment that their process left RUNNING; return their ids."""
    client = mlflow.MlflowClient()
    running = client.search_runs([experiment_id], "attributes.status = 'RUNNING'", max_results=1000)
    left = [
        run.info.run_id for run in running if OWNER in run.data.tags and gone(run.data.tags[OWNER])
    ]
    for run_id in left:
        client.set_terminated(run_id, "KILLED")
    return left


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
