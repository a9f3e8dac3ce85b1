"""The tune stage: what it leaves behind, and what a search that was cut off is worth."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from longhaul.data.split import WINDOWS, Split
from longhaul.problem_yaml import parse
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking import trials as records
from steps.tune import tune

ROOT = Path(__file__).resolve().parents[2]


def frame(rows, month, seed):
    """Rows of one month whose outcome depends on a number and a category."""
    random = np.random.default_rng(seed)
    size, kind = random.normal(size=rows), random.choice(["a", "b", "c"], rows)
    odds = 1.5 * size + np.where(kind == "a", 1.0, -0.5)
    start = pd.Timestamp(f"2024-{month:02d}-01")
    return pd.DataFrame(
        {
            "time": start + pd.to_timedelta(random.integers(0, 28 * 24, rows), unit="h"),
            "size": size,
            "noise": random.normal(size=rows),
            "kind": kind,
            "late": random.random(rows) < 1 / (1 + np.exp(-odds)),
        }
    )


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """A small split folder: January and February fit, March chooses, April tests."""
    folder = tmp_path_factory.mktemp("split")
    periods = {"train": ["2024-01", "2024-02"], "valid": ["2024-03"] * 2, "test": ["2024-04"] * 2}
    declared = {
        "name": "made",
        "source": "none",
        "target": {"column": "late"},
        "time": {"column": "time"},
        "windows": periods | {"production": ["2024-05", "2024-06"]},
    }
    months = {"train": pd.concat([frame(300, 1, 1), frame(300, 2, 2)], ignore_index=True)}
    months |= {"valid": frame(300, 3, 3), "test": frame(300, 4, 4)}
    Split(folder).write(parse(declared, "test"), months)
    return folder


@pytest.fixture
def store(tracking, monkeypatch):
    """The id of the experiment of a store of the test's own; also for a process."""
    experiment = mlflow.get_experiment_by_name("test").experiment_id
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment)
    handler = signal.getsignal(signal.SIGTERM)
    yield experiment
    signal.signal(signal.SIGTERM, handler)


def arguments(folder, **changes):
    options = {"split": folder, "family": "linear", "trials": 12, "minutes": 5, "seed": 3}
    options |= {"threads": 1, "resume": "true", "engine": "local"} | changes
    return [part for name, value in options.items() for part in (f"--{name}", str(value))]


def tuned(split, **changes):
    """Run the stage in this process; its run."""
    tune.main(arguments(split, **changes))
    return mlflow.last_active_run()


def recorded(experiment):
    """Every trial of the experiment that came to its end, by time."""
    runs = mlflow.MlflowClient().search_runs(
        [experiment], "tags.longhaul.trial LIKE '%'", order_by=["start_time ASC"]
    )
    return [run for run in runs if run.info.status == "FINISHED"]


def settings(runs):
    return [dict(run.data.params) for run in runs]


def test_tune_leaves_a_model_and_the_whole_search(split, store, capsys):
    """A model, metrics of the best trial, a curve, a table, pictures and a headline."""
    run = tuned(split, family="lightgbm", trials=11)
    trials = recorded(store)
    losses = [trial.data.metrics["valid_log_loss"] for trial in trials]
    assert len(losses) == 11
    assert min(losses) == pytest.approx(run.data.metrics["valid_log_loss"], abs=1e-12)

    curve = mlflow.MlflowClient().get_metric_history(run.info.run_id, "best_loss")
    expected = list(zip(range(11), np.minimum.accumulate(losses), strict=True))
    assert expected == [(point.step, point.value) for point in curve]

    home = f"runs:/{run.info.run_id}"
    best = artifacts.read_json(f"{home}/best.json")
    assert trials[best["trial"]].info.run_id == best["run"]
    assert {f"setting.{k}": str(v) for k, v in best["settings"].items()} == {
        k: v for k, v in run.data.params.items() if k.startswith("setting.")
    }
    table = pd.read_parquet(artifacts.fetch(f"{home}/trials.parquet"))
    assert losses == table["loss"].tolist()
    assert [trial.info.run_id for trial in trials] == table["run_id"].tolist()
    pictures = {path.name for path in artifacts.fetch(f"{home}/plots").iterdir()}
    assert {"history.png", "importances.png", "parallel.png"} == pictures
    assert logged_models.load(f"{home}/model").predictor.family == "lightgbm"
    headline = f"11 trials, best log loss {min(losses):.4f}, AUC "
    assert capsys.readouterr().out.startswith(headline)


def test_finished_search_is_gone_on_with(split, store, capsys):
    """More trials go on with a search, fewer need none; starting anew repeats its proposals."""
    tuned(split, trials=4)
    tuned(split, trials=6)
    assert len(recorded(store)) == 6
    tuned(split, trials=3)
    assert len(recorded(store)) == 6
    taken = [line.partition(",")[0] for line in capsys.readouterr().out.splitlines()]
    assert taken == ["4 trials", "6 trials (4 taken over)", "3 trials (3 taken over)"]
    tuned(split, trials=6, resume="false")
    again = settings(recorded(store))
    assert len(again) == 12
    assert again[:6] == again[6:]


def test_another_search_takes_nothing_over(split, store, tmp_path):
    """Another seed, family or split is another search."""
    tuned(split, trials=2)
    tuned(split, trials=2, seed=4)
    tuned(split, trials=2, family="histogram")
    other = tmp_path / "other"
    other.mkdir()
    Split(other).write(
        Split(split).problem,
        {name: Split(split).read(name).iloc[1:] for name in WINDOWS},
    )
    tuned(other, trials=2)
    assert len(recorded(store)) == 8


@pytest.mark.slow
def test_killed_search_repeats_nothing(split, store, tmp_path):
    """Killed after some trials and run again: as many runs and the same settings as uncut."""
    command = [sys.executable, "-m", "steps.tune", *arguments(split, trials=24)]
    process = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ))
    try:
        wait_for(lambda: len(recorded(store)) >= 5 or process.poll() is not None)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    cut = recorded(store)
    assert 5 <= len(cut) < 24

    tuned(split, trials=24)
    whole = recorded(store)
    assert len(whole) == 24
    assert [run.info.run_id for run in cut] == [run.info.run_id for run in whole][: len(cut)]
    assert list(range(24)) == sorted(int(run.data.tags[records.TRIAL_NUMBER]) for run in whole)

    uncut = mlflow.create_experiment("uncut", f"file://{tmp_path}/uncut")
    mlflow.set_experiment(experiment_id=uncut)
    tuned(split, trials=24)
    assert settings(recorded(uncut)) == settings(whole)


def wait_for(happened, seconds=600):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": "forrest"}, "'forrest' is unknown; choose one of linear, forest"),
        ({"trials": 0}, "0 is not in the range x>=1"),
        ({"minutes": 0}, "0.0 is not in the range x>0"),
        ({"minutes": "nan"}, "--minutes"),
        ({"threads": -1}, "-1 is not in the range x>=0"),
        ({"resume": "maybe"}, "'maybe' is not a valid boolean"),
        ({"split": "/nowhere"}, "/nowhere"),
    ],
)
def test_bad_input_is_answered_in_one_line(split, store, capsys, change, said):
    """The line names what was wrong; no trial is run."""
    with pytest.raises(SystemExit):
        tune.main(arguments(split, **change))
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
    assert recorded(store) == []


def test_best_settings_are_json(split, store):
    """best.json is plain JSON that a later run, or a person, can read."""
    run = tuned(split, trials=1)
    path = artifacts.fetch(f"runs:/{run.info.run_id}/best.json")
    assert {"trial", "run", "loss", "settings"} == set(json.loads(path.read_text()))
