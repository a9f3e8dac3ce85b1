"""Suggestion of the next settings: near the best so far, and nearer with every trial."""

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

# After n trials, the window around the best one is 1 / (1 + n * SHRINK) as wide as the space.
SHRINK = 0.2
_INTEGERS = frozenset({"randint", "randint_via_categorical", "categorical"})


def annealing(
    numbers: Sequence[int], domain: Domain, trials: Trials, seed: int
) -> list[dict[str, Any]]:
    """Suggest by hyperopt's annealing around the best trial; an algorithm for `hyperopt.fmin`.

    A search starts from settings known to work and has some dozen trials: hyperopt's TPE would
    draw its first 20 from the entire space, and then learn from the best one or two. Until a trial
    succeeds, annealing draws from the entire space, too.
    """
    good = trials_from_docs([trial for trial in trials.trials if _can_be_centre(trial, domain)])
    return list(anneal.suggest(numbers, domain, good, seed, avg_best_idx=1.0, shrink_coef=SHRINK))


def suggest(
    space: Mapping[str, Apply], trials: Sequence[Trial], seed: int, number: int
) -> dict[str, Any]:
    """Suggest the settings of a trial from earlier `trials`.

    They depend only on the arguments: each suggestion has its own random stream, so a resumed
    search continues as if it had not been interrupted.

    Parameters
    ----------
    space : mapping of str to hyperopt expression
        One expression for each setting; expressions within expressions are not supported.
    trials : sequence of Trial
        Earlier ones, numbered from 0. A failed one counts as worse than any other.
    seed : int
        Not negative.
    number : int
        Of the trial to suggest.

    References
    ----------
    Bergstra, Yamins and Cox (2013). Making a science of model search: hyperparameter optimization
    in hundreds of dimensions for vision architectures. ICML 28 (hyperopt, for ``anneal``).
    """
    draw = np.random.default_rng([seed, number]).integers(2**31 - 1)
    [document] = annealing([number], Domain(dict, dict(space)), _history(space, trials), int(draw))
    point = {label: values[0] for label, values in document["misc"]["vals"].items()}
    settings = space_eval(dict(space), point)
    return {name: to_json_value(settings[name]) for name in space}


def _history(space: Mapping[str, Apply], trials: Sequence[Trial]) -> Trials:
    """Convert trials to hyperopt's `Trials`."""
    history = Trials()
    history.insert_trial_docs([trial_document(space, trial) for trial in trials])
    history.refresh()
    return history


def trial_document(space: Mapping[str, Apply], trial: Trial) -> dict[str, Any]:
    """Convert a trial to hyperopt's document."""
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


def _can_be_centre(document: Mapping[str, Any], domain: Domain) -> bool:
    """Return whether a trial can be annealed around: it succeeded, and its logarithms exist."""
    values = document["misc"]["vals"]
    return document["result"]["status"] == STATUS_OK and all(
        value > 0
        for label, node in domain.params.items()
        if "log" in node.name
        for value in values[label]
    )


def _coordinate(expression: Apply, setting: Any) -> tuple[str, float]:
    """Return hyperopt's label of a setting and its number for the value (a choice's index)."""
    [parameter] = [node for node in dfs(expression) if node.name == "hyperopt_param"]
    label, distribution = parameter.arg["label"].obj, parameter.arg["obj"].name
    if expression.name == "switch":
        return label, [option.obj for option in expression.pos_args[1:]].index(setting)
    return label, int(setting) if distribution in _INTEGERS else float(setting)


def to_json_value(value: Any) -> Any:
    """Convert NumPy scalars to Python's, which JSON can hold."""
    return value.item() if isinstance(value, np.generic) else value
