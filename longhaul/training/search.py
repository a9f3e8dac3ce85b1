"""Hyperparameter search: trials one after the other, or several at once."""

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

MAX_PENDING = 4  # trials started and not yet reported, where trials run in parallel
_MAX_FAILURE_LENGTH = 500  # characters


@dataclass(frozen=True)
class SearchContext:
    """State of the search that a trial can see.

    Attributes
    ----------
    trials : sequence of Trial
        Earlier trials that have ended.
    cancelled : Event
        Set when the search is aborted: running trials may stop.
    """

    trials: Sequence[Trial] = ()
    cancelled: Event = field(default_factory=Event)


Objective = Callable[[dict[str, Any], SearchContext], Mapping[str, float]]


@dataclass(frozen=True)
class Search:
    """The space, the first trial and the limits of a search.

    Attributes
    ----------
    space : mapping of str to hyperopt expression
    first : mapping of str to Any
        The settings of the first trial; the search cannot end worse than these.
    trials : int
        Total number of trials, earlier ones included.
    minutes : float
        No trial starts after this time, except the very first; a running one is not interrupted.
    seed : int
        The same seed gives the same suggestions.
    max_pending : int
        Trials that may be pending at once. A suggestion uses all trials except the
        ``max_pending - 1`` before it, whether they have ended or not: so the search does not
        depend on the machine's speed, nor on the number of workers.
    workers : int
        Trials that run at once, each in a thread.
    """

    space: Mapping[str, Apply]
    first: Mapping[str, Any]
    trials: int
    minutes: float
    seed: int
    max_pending: int = 1
    workers: int = 1

    def run(self, objective: Objective, earlier: Sequence[Trial] = ()) -> Iterator[Trial]:
        """Run trials, each with settings suggested from the ones before it.

        Parameters
        ----------
        objective : callable
            Takes settings and a `SearchContext`; returns metrics, including
            `longhaul.training.trials.LOSS`. When it raises, or the loss is not finite, the trial
            is recorded as failed and the search continues.
        earlier : sequence of Trial
            Trials of an interrupted search, numbered from 0 without gaps.

        Yields
        ------
        Trial
            New trials, in the order of their numbers.
        """
        ended = list(earlier)
        end = time.monotonic() + 60 * self.minutes
        pending: deque[Future[Trial | None]] = deque()
        cancelled = Event()

        def begin(number: int, history: Sequence[Trial]) -> Trial | None:
            if number and time.monotonic() >= end:
                return None
            settings = suggest(self.space, history, self.seed, number) if number else self.first
            return run_trial(objective, number, dict(settings), SearchContext(history, cancelled))

        with ThreadPoolExecutor(self.workers) as pool:
            try:
                while True:
                    while len(pending) < self.max_pending:
                        number = len(ended) + len(pending)
                        if number >= self.trials:
                            break
                        history = ended[: max(0, number - self.max_pending + 1)]
                        pending.append(pool.submit(begin, number, history))
                    trial = pending.popleft().result() if pending else None
                    if trial is None:
                        return
                    ended.append(trial)
                    yield trial
            finally:
                cancelled.set()
                pool.shutdown(wait=False, cancel_futures=True)


def run_trial(
    objective: Objective, number: int, settings: dict[str, Any], context: SearchContext
) -> Trial:
    """Run one trial; an error of any kind is recorded as its failure."""
    started, clock = time.time(), time.perf_counter()
    try:
        metrics, failure = _finite(objective(settings, context))
    except Exception as error:
        metrics, failure = {}, _first_line(error)
    return Trial(number, settings, metrics, started, time.perf_counter() - clock, failure)


def _finite(metrics: Mapping[str, float]) -> tuple[dict[str, float], str]:
    """Return the finite metrics, and the failure when the loss is not among them."""
    kept = {name: float(value) for name, value in metrics.items() if np.isfinite(value)}
    return kept, "" if LOSS in kept else f"{LOSS} is {metrics.get(LOSS)}"


def _first_line(error: Exception) -> str:
    text = str(error).strip() or "no reason given"
    return f"{type(error).__name__}: {text.splitlines()[0]}"[:_MAX_FAILURE_LENGTH]
