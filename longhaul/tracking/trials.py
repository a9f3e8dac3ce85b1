"""Trials of a search as nested MLflow runs, written whole and read back."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import mlflow
import numpy as np
from mlflow.entities import Metric, Param, Run, RunStatus, RunTag

from longhaul.tracking.pagination import paginate
from longhaul.tracking.store import retry
from longhaul.tracking.tags import ERROR, TRIAL_NUMBER, OWNER, SEARCH
from longhaul.training.trials import Trial, best_so_far

SETTING = "setting."
BEST = "best_loss"

_PARENT = "mlflow.parentRunId"
_SECONDS = "seconds"
_INHERITED = (OWNER, "mlflow.user", "mlflow.source.name", "mlflow.source.type")
_PAGE = 1000  # as many as the store takes or gives at once


def write(trial: Trial, parent: Run, search: str) -> Trial:
    """Record a trial that is over, as a run below `parent`.

    The run is created when there is nothing left to wait for, with the times of the trial, so
    that a process that is killed while it tries leaves no run behind.

    Parameters
    ----------
    trial : Trial
    parent : Run
    search : str
        What the trial is a part of: trials of the same search may be taken over.

    Returns
    -------
    Trial
        The same one, with the run it is recorded in.
    """
    client = mlflow.MlflowClient()
    begin, end = (_milliseconds(time) for time in (trial.started, trial.started + trial.seconds))
    # A run that was made twice, because half an answer was lost, is closed with the stage.
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
    """Every trial of a search that came to its end, in no particular order."""
    return [_trial(run) for run in _runs(experiment_id, search) if _over(run)]


def log_best(run_id: str, trials: Sequence[Trial]) -> None:
    """Log the lowest loss so far as a curve of a run, step = trial, time = the trial's end."""
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
    return {_PARENT: parent.info.run_id, **inherited, **failure}


def _metrics(trial: Trial) -> dict[str, float]:
    return {**trial.metrics, _SECONDS: trial.seconds}


def _runs(experiment_id: str, search: str) -> Iterator[Run]:
    wanted = f"tags.`{SEARCH}` = '{search}'"
    find = mlflow.MlflowClient().search_runs
    return paginate(find, [experiment_id], wanted, max_results=_PAGE)


def _over(run: Run) -> bool:
    """Whether all of a trial is written; a run cut off in between is KILLED or RUNNING."""
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
