"""The next settings to try: by the tree-structured Parzen estimator, or at random."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from hyperopt import JOB_STATE_DONE, STATUS_FAIL, STATUS_OK, Trials, mix, rand, space_eval, tpe
from hyperopt.base import Domain
from hyperopt.pyll import Apply, dfs

from longhaul.learning.trials import Trial

# Hyperopt draws its first 20 at random: nearly all of a search of the usual length.
RANDOM_TRIALS = 10
# Hyperopt's estimator learns from the best one or two of some dozen trials. Where losses are noisy
# it gets stuck with them: this share of proposals stays random.
EXPLORE = 0.5
_WHOLE = frozenset({"randint", "randint_via_categorical", "categorical"})


def propose(
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
    Bergstra, Bardenet, Bengio and Kégl (2011). Algorithms for hyper-parameter optimization.
    Advances in Neural Information Processing Systems 24.
    """
    draw = np.random.default_rng([seed, number]).integers(2**31 - 1)
    learn = partial(tpe.suggest, n_startup_jobs=RANDOM_TRIALS, verbose=False)
    [found] = mix.suggest(
        [number],
        Domain(dict, dict(space)),
        _history(space, trials),
        int(draw),
        p_suggest=[(EXPLORE, rand.suggest), (1 - EXPLORE, learn)],
    )
    point = {label: values[0] for label, values in found["misc"]["vals"].items()}
    settings = space_eval(dict(space), point)
    return {name: plain(settings[name]) for name in space}


def _history(space: Mapping[str, Apply], trials: Sequence[Trial]) -> Trials:
    """The trials as hyperopt keeps them."""
    history = Trials()
    history.insert_trial_docs([document(space, trial) for trial in trials])
    history.refresh()
    return history


def document(space: Mapping[str, Apply], trial: Trial) -> dict[str, Any]:
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


def _coordinate(expression: Apply, setting: Any) -> tuple[str, float]:
    """Hyperopt's label of a setting, and its number for the value: for a choice, its index."""
    [parameter] = [node for node in dfs(expression) if node.name == "hyperopt_param"]
    label, distribution = parameter.arg["label"].obj, parameter.arg["obj"].name
    if expression.name == "switch":
        return label, [option.obj for option in expression.pos_args[1:]].index(setting)
    return label, int(setting) if distribution in _WHOLE else float(setting)


def plain(value: Any) -> Any:
    """A value that survives being written as JSON."""
    return value.item() if isinstance(value, np.generic) else value
