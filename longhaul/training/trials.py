"""Records of a search's trials, independent of the store that they come from."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from longhaul.errors import LonghaulError

LOSS = "valid_loss"  # the metric that a search minimises


@dataclass(frozen=True)
class Trial:
    """One set of settings with its metrics or failure.

    Attributes
    ----------
    number : int
        Position in the search, from 0.
    settings : dict of str to Any
        Numbers, text, booleans or None.
    metrics : dict of str to float
        Finite values; `LOSS` is among them unless the trial failed.
    started : float
        Seconds since the epoch.
    seconds : float
        Duration.
    failure : str
        Reason for a missing loss, in one line; empty when there is one.
    run_id : str
        Its MLflow run; empty when it has none.
    """

    number: int
    settings: dict[str, Any]
    metrics: dict[str, float] = field(default_factory=dict)
    started: float = 0.0
    seconds: float = 0.0
    failure: str = ""
    run_id: str = ""

    @property
    def loss(self) -> float:
        """The loss that the search minimises; infinite when the trial failed."""
        return self.metrics.get(LOSS, np.inf)


def best(trials: Sequence[Trial]) -> Trial:
    """Return the trial with the lowest loss, the earliest of equals.

    Raises
    ------
    LonghaulError
        When none has a loss.
    """
    trial = min(trials, key=lambda trial: (trial.loss, trial.number))
    if not np.isfinite(trial.loss):
        reason = trials[0].failure
        raise LonghaulError(f"all {len(trials)} trials failed, the first with: {reason}")
    return trial


def best_so_far(trials: Sequence[Trial]) -> np.ndarray:
    """Return the lowest loss up to each trial, shape (n,); infinite before the first success."""
    return np.minimum.accumulate([trial.loss for trial in trials])


def resumable_trials(trials: Iterable[Trial], settings: Iterable[str]) -> list[Trial]:
    """Select the recorded trials that a search can resume from.

    Parameters
    ----------
    trials : iterable of Trial
        In any order; of several with the same number (two searches ran at once) the first one
        that succeeded is kept.
    settings : iterable of str
        Names of the settings; trials with other ones are dropped.

    Returns
    -------
    list of Trial
        Numbers 0, 1, 2, … up to the first gap; none when all of them failed, so that a search
        starts anew once the cause is fixed.
    """
    names = set(settings)
    first: dict[int, Trial] = {}
    for trial in sorted(trials, key=lambda trial: (bool(trial.failure), trial.started)):
        if set(trial.settings) == names:
            first.setdefault(trial.number, trial)
    kept: list[Trial] = []
    while len(kept) in first:
        kept.append(first[len(kept)])
    return kept if any(not trial.failure for trial in kept) else []


def table(trials: Sequence[Trial]) -> pd.DataFrame:
    """Return one row per trial: number, status, loss (NaN if failed), seconds, settings, run.

    A setting with values of several types becomes text (JSON), so that its column has one type.
    """
    rows = pd.DataFrame(
        {
            "number": [trial.number for trial in trials],
            "status": ["failed" if trial.failure else "finished" for trial in trials],
            "loss": [trial.metrics.get(LOSS, np.nan) for trial in trials],
            "seconds": [trial.seconds for trial in trials],
        }
    )
    settings = pd.DataFrame([trial.settings for trial in trials])
    for name in settings.select_dtypes("object"):
        settings[name] = settings[name].map(json.dumps)
    rows = rows.join(settings.add_prefix("setting."))
    return rows.assign(
        failure=[trial.failure for trial in trials], run_id=[trial.run_id for trial in trials]
    )
