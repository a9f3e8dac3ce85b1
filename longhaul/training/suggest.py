"""The next settings to try: near the best so far, and nearer with every trial."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hyperopt import (
    JOB_STATE_DONE,
    STATUS_FAIL,
    STATUS_OK,
    Trials,
    anneal,
    space_eval,
    trials_from_docs,
)
from hyperopt.base import Domain
from hyperopt.pyll import Apply, dfs

from longhaul.training.trials import Trial

# A window around the best trial is, after n trials, 1 / (1 + n * SHRINK) as wide as the space.
SHRINK = 0.2
_WHOLE = frozenset({"randint", "randint_via_categorical", "categorical"})


def annealing(
    numbers: Sequence[int], domain: Domain, trials: Trials, seed: int
) -> list[dict[str, Any]]:
    """Hyperopt's annealing around the best trial, as an algorithm for `hyperopt.fmin`.

    A search begins with settings that are known to work and has some dozen trials: hyperopt's TPE
    would draw its first 20 from all of the space, and then learn from the best one or two. Until a
    trial has succeeded, it is drawn from all of the space here, too.
    """
    good = trials_from_docs([one for one in trials.trials if _is_centre(one, domain)])
    return list(anneal.suggest(numbers, domain, good, seed, avg_best_idx=1.0, shrink_coef=SHRINK))


def suggest(
    space: Mapping[str, Apply], trials: Sequence[Trial], seed: int, number: int
) -> dict[str, Any]:
    """Settings for a trial, in the light of `trials`.

    They depend on nothing but the arguments: each proposal has a random stream of its own, so
    that a search that was cut off goes on as if it had not been.

    Parameters
    ----------
    space : mapping of str to hyperopt expression
        One expression for each setting; expressions within expressions are not supported.
    trials : sequence of Trial
        All that are known, numbered from 0. A failed one counts as worse than any other.
    seed : int
        Not negative.
    number : int
        Of the trial to come.

    References
    ----------
    Bergstra, Yamins and Cox (2013). Making a science of model search: hyperparameter optimization
    in hundreds of dimensions for vision architectures. ICML 28 (hyperopt, whose ``anneal`` it is).
    """
    draw = np.random.default_rng([seed, number]).integers(2**31 - 1)
    [found] = annealing([number], Domain(dict, dict(space)), _history(space, trials), int(draw))
    point = {label: values[0] for label, values in found["misc"]["vals"].items()}
    settings = space_eval(dict(space), point)
    return {name: to_json_value(settings[name]) for name in space}


def _history(space: Mapping[str, Apply], trials: Sequence[Trial]) -> Trials:
    """The trials as hyperopt keeps them."""
    history = Trials()
    history.insert_trial_docs([trial_document(space, trial) for trial in trials])
    history.refresh()
    return history


def trial_document(space: Mapping[str, Apply], trial: Trial) -> dict[str, Any]:
    """A trial as hyperopt keeps it."""
    point = dict(_coordinate(space[name], value) for name, value in trial.settings.items())
    result = {"status": STATUS_FAIL if trial.failure else STATUS_OK, "loss": trial.loss}
    return {
        "state": JOB_STATE_DONE,
        "tid": trial.number,
        "spec": None,
        "result": result,
        "misc": {
            "tid": trial.number,
            "cmd": None,
            "workdir": None,
            "idxs": {label: [trial.number] for label in point},
            "vals": {label: [value] for label, value in point.items()},
        },
        "exp_key": None,
        "owner": None,
        "version": 0,
        "book_time": None,
        "refresh_time": None,
    }


def _is_centre(document: Mapping[str, Any], domain: Domain) -> bool:
    """Whether there can be a window around a trial: it succeeded, and its logarithms exist."""
    values = trial_document["misc"]["vals"]
    return trial_document["result"]["status"] == STATUS_OK and all(
        value > 0
        for label, node in domain.params.items()
        if "log" in node.name
        for value in values[label]
    )


def _coordinate(expression: Apply, setting: Any) -> tuple[str, float]:
    """Hyperopt's label of a setting, and its number for the value: for a choice, its index."""
    [parameter] = [node for node in dfs(expression) if node.name == "hyperopt_param"]
    label, distribution = parameter.arg["label"].obj, parameter.arg["obj"].name
    if expression.name == "switch":
        return label, [option.obj for option in expression.pos_args[1:]].index(setting)
    return label, int(setting) if distribution in _WHOLE else float(setting)


def to_json_value(value: Any) -> Any:
    """A value that survives being written as JSON."""
    return value.item() if isinstance(value, np.generic) else value
