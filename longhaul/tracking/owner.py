"""Which process a run belongs to, and what became of the runs of processes that are gone."""

import contextlib
import os
import socket

import mlflow
import psutil

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
