"""A run that its process left open is closed by the next life cycle, and no other is."""

import subprocess
import sys
import time
from pathlib import Path

import mlflow
import pytest

from longhaul.tracking import process_owner
from longhaul.tracking.tags import OWNER


@pytest.fixture
def experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An experiment in a store of its own."""
    before = mlflow.get_tracking_uri()
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield mlflow.create_experiment("one", artifact_location=f"file://{tmp_path}/artifacts")
    mlflow.set_tracking_uri(before)


def test_this_process_lives() -> None:
    """A living process is not gone."""
    assert not process_owner.has_ended(process_owner.current())


def test_an_ended_process_is_gone() -> None:
    """Neither its id alone nor a new process with the same id stands for it."""
    script = "from longhaul.tracking import process_owner as owner; print(owner.current())"
    ended = subprocess.check_output([sys.executable, "-c", script], text=True).strip()
    assert process_owner.has_ended(ended)
    host, pid, created = process_owner.current().rsplit("/", 2)
    assert process_owner.has_ended(f"{host}/{pid}/{int(created) - 1000}")


def test_another_host_is_never_known_to_be_gone() -> None:
    """What cannot be seen from here is left alone."""
    assert not process_owner.has_ended("elsewhere/1/0")


def test_only_the_runs_of_ended_processes_are_closed(experiment: str) -> None:
    """Of a living owner, of an ended one, of nobody: only the second is marked KILLED."""
    client = mlflow.MlflowClient()
    host, pid, created = process_owner.current().rsplit("/", 2)
    owners = [process_owner.current(), f"{host}/{pid}/{int(created) - 1000}", None]
    runs = [
        client.create_run(experiment, tags={OWNER: one} if one else {}).info.run_id
        for one in owners
    ]
    parent = client.create_run(experiment, tags={OWNER: process_owner.current()})
    assert process_owner.reap_orphans(parent) == [runs[1]]
    statuses = [client.get_run(run).info.status for run in runs]
    assert statuses == ["RUNNING", "KILLED", "RUNNING"]


def test_a_run_that_nobody_ever_took_is_closed_after_an_hour(experiment: str) -> None:
    """If it is of the same project; another's may take as long as it likes."""
    client, source = mlflow.MlflowClient(), "mlflow.source.name"
    long_ago = int((time.time() - process_owner.STARTING_SECONDS - 60) * 1000)
    runs = [
        client.create_run(experiment, begin, tags={source: name}).info.run_id
        for begin, name in ((long_ago, "ours"), (long_ago, "theirs"), (None, "ours"))
    ]
    parent = client.create_run(experiment, tags={OWNER: process_owner.current(), source: "ours"})
    assert process_owner.reap_orphans(parent) == [runs[0]]


def test_children_that_were_made_twice_are_closed(experiment: str) -> None:
    """Those still RUNNING when their parent's work is done, and no others."""
    client = mlflow.MlflowClient()
    parent = client.create_run(experiment)
    below = {"mlflow.parentRunId": parent.info.run_id}
    double, done, other = (client.create_run(experiment, tags=t) for t in (below, below, {}))
    client.set_terminated(done.info.run_id)
    process_owner.close_children(parent)
    statuses = [client.get_run(one.info.run_id).info.status for one in (double, done, other)]
    assert statuses == ["KILLED", "FINISHED", "RUNNING"]
