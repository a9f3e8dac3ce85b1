"""Search with trials on Spark's workers, by hyperopt's `SparkTrials`.

A proposal is based on the trials that have ended, which depends on how fast the workers are: other
than on one machine, the same seed does not give the same search.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from hyperopt import STATUS_FAIL, STATUS_OK, SparkTrials, fmin
from hyperopt.base import JOB_STATE_CANCEL, JOB_STATE_DONE, JOB_STATE_ERROR
from pyspark.sql import SparkSession

from longhaul import tasks
from longhaul.estimators import families
from longhaul.task_type import TaskType
from longhaul.training.candidate import EncodedWindows
from longhaul.training.objective import validation_objective
from longhaul.training.search import Search, SearchContext, run_trial
from longhaul.training.suggest import annealing, to_json_value, trial_document
from longhaul.training.trials import Trial

_OVER = (JOB_STATE_DONE, JOB_STATE_ERROR, JOB_STATE_CANCEL)
_POLL_SECONDS = 0.2


def run(
    spark: SparkSession,
    search: Search,
    family: str,
    family_files: Sequence[Path],
    task_type: TaskType,
    windows: EncodedWindows,
    earlier: Sequence[Trial] = (),
) -> Iterator[Trial]:
    """Try settings on the workers; see `longhaul.training.search.Search.run`.

    Parameters
    ----------
    spark : SparkSession
        As many trials at once as it has task slots, each with one thread.
    search : Search
    family : str
    family_files : sequence of Path
        Files of the problem's custom families, where the workers see them.
    task_type : {"binary", "multiclass", "regression"}
    windows : EncodedWindows
        Every worker gets a copy.
    earlier : sequence of Trial

    Yields
    ------
    Trial
        Each new one as it ends, numbered in this order.
    """
    shared = spark.sparkContext.broadcast((family, list(family_files), task_type, windows))
    judge = _objective(shared, search.seed)
    trials = list(earlier)
    if not trials:
        trials = [_trial(0, judge(dict(search.first)))]
        yield trials[0]
    if len(trials) >= search.trials:
        return
    history = SparkTrials(spark_session=spark, parallelism=spark.sparkContext.defaultParallelism)
    history.insert_trial_docs([trial_document(search.space, trial) for trial in trials])
    history.refresh()
    find = partial(
        fmin,
        judge,
        dict(search.space),
        algo=annealing,
        max_evals=search.trials,
        timeout=60 * search.minutes,
        trials=history,
        rstate=np.random.default_rng([search.seed, len(trials)]),
        show_progressbar=False,
        return_argmin=False,
    )
    seen = set(range(len(trials)))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(find)
        over = False
        while not over:
            over = running.done()
            for document in list(history._dynamic_trials):
                if document["tid"] not in seen and document["state"] in _OVER:
                    seen.add(document["tid"])
                    if "settings" in document["result"]:
                        trials.append(_trial(len(trials), document["result"]))
                        yield trials[-1]
            time.sleep(0 if over else _POLL_SECONDS)
        running.result()


def _objective(shared: Any, seed: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a function that tries settings in a worker, and describes the trial for hyperopt."""

    def judge(settings: dict[str, Any]) -> dict[str, Any]:
        family, files, task_type, windows = shared.value
        chosen = families.family(family, files)
        objective = validation_objective(tasks.task_for(task_type), chosen, windows, seed, 1)
        plain = {name: to_json_value(setting) for name, setting in settings.items()}
        trial = run_trial(objective, 0, plain, SearchContext())
        return {
            "status": STATUS_FAIL if trial.failure else STATUS_OK,
            "loss": trial.loss,
            "settings": trial.settings,
            "metrics": trial.metrics,
            "started": trial.started,
            "seconds": trial.seconds,
            "failure": trial.failure,
        }

    return judge


def _trial(number: int, result: dict[str, Any]) -> Trial:
    return Trial(
        number,
        result["settings"],
        result["metrics"],
        result["started"],
        result["seconds"],
        result["failure"],
    )
