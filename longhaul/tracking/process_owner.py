"""Processes that own runs, and the reaping of orphaned runs."""

import contextlib
import os
import socket
import time

import mlflow
import psutil
from mlflow.entities import Run

from longhaul.tracking.mlflow_internals import MLFLOW_PARENT_RUN_ID
from longhaul.tracking.tags import OWNER

STARTING_SECONDS = 3600.0  # more than it takes to build an environment

_SOURCE = "mlflow.source.name"


def current() -> str:
    """Return the name of this process: host, id and start time, for others to see if it lives."""
    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.0f}"


def has_ended(owner: str) -> bool:
    """Return whether a process has ended, as far as this host can tell: False for other hosts."""
    host, pid, created = owner.rsplit("/", 2)
    if host != socket.gethostname():
        return False
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(int(pid))
        alive = process.status() != psutil.STATUS_ZOMBIE
        return not (alive and abs(process.create_time() - int(created)) <= 1)
    return True


def reap_orphans(parent: Run) -> list[str]:
    """Mark orphaned runs of an experiment as KILLED; return their ids.

    Orphans are runs whose process has ended, and runs of the same project that no process has
    claimed for `STARTING_SECONDS`: `mlflow run` may die after making a run and before starting its
    command.

    Parameters
    ----------
    parent : Run
        A new run, which names the experiment and the project.
    """
    client = mlflow.MlflowClient()
    running = client.search_runs(
        [parent.info.experiment_id], "attributes.status = 'RUNNING'", max_results=1000
    )
    orphans = [run.info.run_id for run in running if _is_orphan(run, parent)]
    for run_id in orphans:
        client.set_terminated(run_id, "KILLED")
    return orphans


def _is_orphan(run: Run, parent: Run) -> bool:
    if OWNER in run.data.tags:
        return has_ended(run.data.tags[OWNER])
    same_project = run.data.tags.get(_SOURCE) == parent.data.tags.get(_SOURCE, "")
    return same_project and (time.time() - run.info.start_time / 1000) > STARTING_SECONDS


def close_children(run: Run) -> None:
    """Mark the child runs of a finished run that are still RUNNING as KILLED.

    All steps that it started have ended by then. A run that is left is a duplicate: the server had
    made it, but its answer was lost, and MLflow sent the request again.
    """
    client = mlflow.MlflowClient()
    for duplicate in client.search_runs(
        [run.info.experiment_id],
        f"attributes.status = 'RUNNING' and tags.`{MLFLOW_PARENT_RUN_ID}` = '{run.info.run_id}'",
    ):
        client.set_terminated(duplicate.info.run_id, "KILLED")
