"""A search whose trials run on Spark's workers, by hyperopt's `SparkTrials`.

Which trials a proposal knows of depends on which workers were faster: other than on one machine,
the same seed does not give the same search.
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
from longhaul.problem import TaskType
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
    own: Sequence[Path],
    task_type: TaskType,
    prepared: EncodedWindows,
    earlier: Sequence[Trial] = (),
) -> Iterator[Trial]:
    """Try settings on the workers; see `longhaul.training.search.Search.run`.

    Parameters
    ----------
    spark : SparkSession
        As many trials at once as it has task slots, each with one thread.
    search : Search
    family : str
    own : sequence of Path
        Files of the problem's own families, where the workers see them.
    task_type : {"binary", "multiclass", "regression"}
    prepared : Prepared
        Every worker gets a copy.
    earlier : sequence of Trial

    Yields
    ------
    Trial
        Each new one as it ends, numbered in this order.
    """
    shared = spark.sparkContext.broadcast((family, list(own), task_type, prepared))
    judge = _judge(shared, search.seed)
    known = list(earlier)
    if not known:
        known = [_trial(0, judge(dict(search.first)))]
        yield known[0]
    if len(known) >= search.trials:
        return
    history = SparkTrials(spark_session=spark, parallelism=spark.sparkContext.defaultParallelism)
    history.insert_trial_docs([trial_document(search.space, trial) for trial in known])
    history.refresh()
    find = partial(
        fmin,
        judge,
        dict(search.space),
        algo=annealing,
        max_evals=search.trials,
        timeout=60 * search.minutes,
        trials=history,
        rstate=np.random.default_rng([search.seed, len(known)]),
        show_progressbar=False,
        return_argmin=False,
    )
    seen = set(range(len(known)))
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(find)
        over = False
        while not over:
            over = found.done()
            for one in list(history._dynamic_trials):
                if one["tid"] not in seen and one["state"] in _OVER:
                    seen.add(one["tid"])
                    if "settings" in one["result"]:
                        known.append(_trial(len(known), one["result"]))
                        yield known[-1]
            time.sleep(0 if over else _POLL_SECONDS)
        found.result()


def _judge(shared: Any, seed: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What a worker does with settings: all that is known of the trial."""

    def judge(settings: dict[str, Any]) -> dict[str, Any]:
        family, own, kind, prepared = shared.value
        chosen = families.family(family, own)
        objective = validation_objective(tasks.task_for(kind), chosen, prepared, seed, 1)
        trial = run_trial(
            objective, 0, {name: to_json_value(value) for name, value in settings.items()}, SearchContext()
        )
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
