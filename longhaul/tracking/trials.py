"""Trials of a search as nested MLflow runs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import mlflow
import numpy as np
from mlflow.entities import Metric, Param, Run, RunStatus, RunTag

from longhaul.tracking.mlflow_internals import MLFLOW_PARENT_RUN_ID
from longhaul.tracking.pagination import paginate
from longhaul.tracking.store import retry
from longhaul.tracking.tags import ERROR, OWNER, SEARCH, TRIAL_NUMBER
from longhaul.training.trials import Trial, best_so_far

SETTING = "setting."
BEST = "best_loss"

_SECONDS = "seconds"
_INHERITED = (OWNER, "mlflow.user", "mlflow.source.name", "mlflow.source.type")
_PAGE = 1000  # the most that the store takes or returns at once


def write(trial: Trial, parent: Run, search: str) -> Trial:
    """Record a finished trial as a run below `parent`.

    The run is created once the trial has ended, with the times of the trial, so that a process
    that is killed during a trial leaves no run behind.

    Parameters
    ----------
    trial : Trial
    parent : Run
    search : str
        Fingerprint of the search: trials of the same search may be resumed from.

    Returns
    -------
    Trial
        The same trial, with the id of its run.
    """
    client = mlflow.MlflowClient()
    begin, end = (_milliseconds(time) for time in (trial.started, trial.started + trial.seconds))
    # A duplicate, made because half an answer was lost, is closed at the end of the step.
    name = f"trial {trial.number:02d}"
    run = retry(client.create_run, parent.info.experiment_id, begin, _tags(trial, parent), name)
    retry(
        client.log_batch,
        run.info.run_id,
        metrics=[Metric(name, value, end, 0) for name, value in _metrics(trial).items()],
        params=[Param(SETTING + name, json.dumps(v)) for name, v in trial.settings.items()],
        tags=[RunTag(SEARCH, search), RunTag(TRIAL_NUMBER, str(trial.number))],
    )
    retry(client.set_terminated, run.info.run_id, "FAILED" if trial.failure else "FINISHED", end)
    return replace(trial, run_id=run.info.run_id)


def read(experiment_id: str, search: str) -> list[Trial]:
    """Read the finished trials of a search, in no particular order."""
    return [_trial(run) for run in _runs(experiment_id, search) if _is_complete(run)]


def log_best(run_id: str, trials: Sequence[Trial]) -> None:
    """Log the lowest loss after each trial; the step is its number, the time its end."""
    curve = zip(trials, best_so_far(trials), strict=True)
    points = [
        Metric(BEST, float(loss), _milliseconds(trial.started + trial.seconds), trial.number)
        for trial, loss in curve
        if np.isfinite(loss)
    ]
    client = mlflow.MlflowClient()
    for start in range(0, len(points), _PAGE):
        client.log_batch(run_id, metrics=points[start : start + _PAGE])


def _tags(trial: Trial, parent: Run) -> dict[str, str]:
    inherited = {name: parent.data.tags[name] for name in _INHERITED if name in parent.data.tags}
    failure = {ERROR: trial.failure} if trial.failure else {}
    return {MLFLOW_PARENT_RUN_ID: parent.info.run_id, **inherited, **failure}


def _metrics(trial: Trial) -> dict[str, float]:
    return {**trial.metrics, _SECONDS: trial.seconds}


def _runs(experiment_id: str, search: str) -> Iterator[Run]:
    wanted = f"tags.`{SEARCH}` = '{search}'"
    search_runs = mlflow.MlflowClient().search_runs
    return paginate(search_runs, [experiment_id], wanted, max_results=_PAGE)


def _is_complete(run: Run) -> bool:
    """Return whether a trial is fully written; one that was cut off is KILLED or RUNNING."""
    ended = {RunStatus.to_string(RunStatus.FINISHED), RunStatus.to_string(RunStatus.FAILED)}
    return run.info.status in ended


def _trial(run: Run) -> Trial:
    metrics = dict(run.data.metrics)
    return Trial(
        number=int(run.data.tags[TRIAL_NUMBER]),
        settings=dict(_settings(run.data.params)),
        started=run.info.start_time / 1000,
        seconds=metrics.pop(_SECONDS),
        metrics=metrics,
        failure=run.data.tags.get(ERROR, ""),
        run_id=run.info.run_id,
    )


def _settings(params: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for name, text in params.items():
        if name.startswith(SETTING):
            yield name.removeprefix(SETTING), json.loads(text)


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)
