"""Trials in the tracking store: written whole, read back equal."""

from dataclasses import replace

import mlflow
import pytest

from longhaul.tracking import trials
from longhaul.tracking.tags import OWNER
from longhaul.training.trials import LOSS, Trial

GOOD = Trial(
    7,
    {"rate": 0.1 + 0.2, "leaves": 31, "kind": None, "name": "a 'b'", "whole": 31.0},
    {LOSS: 1 / 3, "valid_auc": 2 / 3},
    started=1_700_000_000.123,
    seconds=1.5,
)
BAD = Trial(8, GOOD.settings, {}, 1_700_000_001.0, 0.25, failure="ValueError: no")


@pytest.fixture
def parent(shared, request):
    """A run in an experiment of the test's own."""
    client = mlflow.MlflowClient()
    experiment = client.create_experiment(request.node.name, f"file://{shared}/artifacts")
    return client.create_run(experiment, tags={OWNER: "here/1/2"})


def test_trials_come_back_as_they_were_written(parent):
    """Settings and metrics keep every digit and type; a failure keeps its reason."""
    written = [trials.write(trial, parent, "key") for trial in (GOOD, BAD)]
    read = sorted(trials.read(parent.info.experiment_id, "key"), key=lambda trial: trial.number)
    assert written == read
    assert [replace(trial, run_id="") for trial in read] == [GOOD, BAD]
    assert [repr(v) for v in GOOD.settings.values()] == [
        repr(read[0].settings[name]) for name in GOOD.settings
    ]


def test_trial_is_a_nested_run_with_the_trials_times(parent):
    """Name, parent, owner, status and times are those a reader of the UI expects."""
    good, bad = (trials.write(trial, parent, "key") for trial in (GOOD, BAD))
    run = mlflow.get_run(good.run_id)
    assert run.info.run_name == "trial 07"
    assert parent.info.run_id == run.data.tags["mlflow.parentRunId"]
    assert run.data.tags[OWNER] == "here/1/2"
    assert (run.info.start_time, run.info.end_time) == (1_700_000_000_123, 1_700_000_001_623)
    assert [mlflow.get_run(trial.run_id).info.status for trial in (good, bad)] == [
        "FINISHED",
        "FAILED",
    ]


def test_only_whole_trials_of_the_same_search_are_read(parent):
    """Another search's trials, half-written, swept and deleted ones are not taken over."""
    client = mlflow.MlflowClient()
    kept, half, swept, deleted = (trials.write(GOOD, parent, "key") for _ in range(4))
    trials.write(GOOD, parent, "other")
    client.update_run(half.run_id, "RUNNING")
    client.update_run(swept.run_id, "KILLED")
    client.delete_run(deleted.run_id)
    assert [kept] == trials.read(parent.info.experiment_id, "key")


def test_read_follows_every_page(parent, monkeypatch):
    """A search longer than one page of the store's answer is read to its end."""
    monkeypatch.setattr(trials, "_PAGE", 2)
    for number in range(5):
        trials.write(replace(GOOD, number=number), parent, "key")
    found = trials.read(parent.info.experiment_id, "key")
    assert list(range(5)) == sorted(trial.number for trial in found)
