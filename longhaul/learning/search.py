"""The search for settings, one trial at a time."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hyperopt.pyll import Apply

from longhaul.learning.proposal import propose
from longhaul.learning.trials import LOSS, Trial

_LONGEST = 500  # characters of a failure that are kept

Objective = Callable[[dict[str, Any]], Mapping[str, float]]


@dataclass(frozen=True)
class Search:
    """Where to search, where to begin and when to stop.

    Attributes
    ----------
    space : mapping of str to hyperopt expression
    first : mapping of str to Any
        The settings of the first trial: with them, a search cannot end worse than it began.
    trials : int
        It ends after this many, those before it included.
    minutes : float
        No trial begins after this time, except the very first; one at work is not cut off.
    seed : int
        The same seed, the same proposals.
    """

    space: Mapping[str, Apply]
    first: Mapping[str, Any]
    trials: int
    minutes: float
    seed: int

    def run(self, objective: Objective, earlier: Sequence[Trial] = ()) -> Iterator[Trial]:
        """Try settings, each proposed in the light of all trials before it.

        Parameters
        ----------
        objective : callable
            Takes settings and returns metrics, `longhaul.learning.trials.LOSS` among them.
            Should it raise, or the loss not be finite, the trial failed and the search goes on.
        earlier : sequence of Trial
            Numbered from 0 without gaps: what a search that was cut off left behind.

        Yields
        ------
        Trial
            Each new one as it ends.
        """
        known = list(earlier)
        end = time.monotonic() + 60 * self.minutes
        while len(known) < self.trials and (not known or time.monotonic() < end):
            known.append(attempt(objective, len(known), self._next(known)))
            yield known[-1]

    def _next(self, known: Sequence[Trial]) -> dict[str, Any]:
        return propose(self.space, known, self.seed) if known else dict(self.first)


def attempt(objective: Objective, number: int, settings: dict[str, Any]) -> Trial:
    """Try one set of settings; whatever goes wrong is part of the record."""
    started, clock = time.time(), time.perf_counter()
    try:
        metrics, failure = _finite(objective(settings))
    except Exception as error:
        metrics, failure = {}, _line(error)
    return Trial(number, settings, metrics, started, time.perf_counter() - clock, failure)


def _finite(metrics: Mapping[str, float]) -> tuple[dict[str, float], str]:
    """The metrics that are finite, and what is wrong with the loss, if anything is."""
    kept = {name: float(value) for name, value in metrics.items() if np.isfinite(value)}
    return kept, "" if LOSS in kept else f"{LOSS} is {metrics.get(LOSS)}"


def _line(error: Exception) -> str:
    text = str(error).strip() or "no reason given"
    return f"{type(error).__name__}: {text.splitlines()[0]}"[:_LONGEST]
