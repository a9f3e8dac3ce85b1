"""The search for settings: trials one after the other, or several at once."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import numpy as np
from hyperopt.pyll import Apply

from longhaul.training.suggest import suggest
from longhaul.training.trials import LOSS, Trial

MAX_PENDING = 4  # trials under way at once, where several may be
_LONGEST = 500  # characters of a failure that are kept


@dataclass(frozen=True)
class SearchContext:
    """What a trial may know of the search that it is a part of.

    Attributes
    ----------
    trials : sequence of Trial
        Those before it that have ended.
    given_up : Event
        Set when the search ends at once: what is under way need not be finished.
    """

    trials: Sequence[Trial] = ()
    given_up: Event = field(default_factory=Event)


Objective = Callable[[dict[str, Any], SearchContext], Mapping[str, float]]


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
    ahead : int
        How many trials may be under way at once. A proposal knows of all trials but the
        ``ahead - 1`` before it, whether they have ended or not: so the search does not depend on
        how fast the machine is, nor on how many of its processors it uses.
    workers : int
        How many trials are really worked on at once, each in a thread.
    """

    space: Mapping[str, Apply]
    first: Mapping[str, Any]
    trials: int
    minutes: float
    seed: int
    ahead: int = 1
    workers: int = 1

    def run(self, objective: Objective, earlier: Sequence[Trial] = ()) -> Iterator[Trial]:
        """Try settings, each proposed in the light of the trials before it.

        Parameters
        ----------
        objective : callable
            Takes settings and the trials before them, and returns metrics,
            `longhaul.training.trials.LOSS` among them. Should it raise, or the loss not be finite,
            the trial failed and the search goes on.
        earlier : sequence of Trial
            Numbered from 0 without gaps: what a search that was cut off left behind.

        Yields
        ------
        Trial
            Each new one, in the order of their numbers.
        """
        ended = list(earlier)
        end = time.monotonic() + 60 * self.minutes
        under_way: deque[Future[Trial | None]] = deque()
        given_up = Event()

        def begin(number: int, known: Sequence[Trial]) -> Trial | None:
            if number and time.monotonic() >= end:
                return None
            settings = suggest(self.space, known, self.seed, number) if number else self.first
            return run_trial(objective, number, dict(settings), SearchContext(known, given_up))

        with ThreadPoolExecutor(self.workers) as pool:
            try:
                while True:
                    while len(under_way) < self.ahead:
                        number = len(ended) + len(under_way)
                        if number >= self.trials:
                            break
                        known = ended[: max(0, number - self.ahead + 1)]
                        under_way.append(pool.submit(begin, number, known))
                    trial = under_way.popleft().result() if under_way else None
                    if trial is None:
                        return
                    ended.append(trial)
                    yield trial
            finally:
                given_up.set()
                pool.shutdown(wait=False, cancel_futures=True)


def run_trial(objective: Objective, number: int, settings: dict[str, Any], others: SearchContext) -> Trial:
    """Try one set of settings; whatever goes wrong is part of the record."""
    started, clock = time.time(), time.perf_counter()
    try:
        metrics, failure = _finite(objective(settings, others))
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
