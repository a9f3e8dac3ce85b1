"""Agenda of the watch: periods with a cycle that is due, and the open one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from longhaul.data import label_lag, periods
from longhaul.features import time_zone
from longhaul.problem import Problem

Evidence = tuple[str, str]  # digests of a period, and of the newest one whose outcomes are due

MAX_PAUSE_SECONDS = 3600.0


@dataclass(frozen=True)
class TrafficState:
    """Traffic at one look.

    Attributes
    ----------
    digests : mapping of str to str
        By period, in order of time: a digest of its rows and their outcomes.
    newest : mapping of str to float
        By period: when its newest row was asked about, in seconds since 1970.
    labelled : mapping of str to int
        By period: the rows with an outcome.
    """

    digests: Mapping[str, str]
    newest: Mapping[str, float]
    labelled: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Agenda:
    """Periods that were judged, each with the evidence that there was, and those that failed.

    Parameters
    ----------
    problem : Problem
    settle_seconds : float
        How long no row of a period that is over must have come before it is closed.
    pause_seconds : float
        Until a cycle that failed is tried again; twice as long each time.
    """

    problem: Problem
    settle_seconds: float
    pause_seconds: float
    judged: dict[str, Evidence] = field(default_factory=dict)
    failures: dict[str, tuple[int, float]] = field(default_factory=dict)

    def due(self, state: TrafficState, now: float) -> list[str]:
        """Return the closed periods with new evidence, oldest first.

        Parameters
        ----------
        state : TrafficState
        now : float
            In seconds since 1970.
        """
        return [
            period
            for period in self._in_production(state)
            if self.is_closed(state, period, now)
            and self.evidence(state, period) != self.judged.get(period)
            and now >= self.failures.get(period, (0, 0.0))[1]
        ]

    def is_closed(self, state: TrafficState, period: str, now: float) -> bool:
        """Return whether a period is over, and its rows have come.

        They have if a later period has rows, or no row has come for a while.
        """
        assert self.problem.time is not None  # traffic goes by it
        zone = time_zone.zone(self.problem.time.zone or "UTC")
        if now < periods.end(period).tz_localize(zone).timestamp():
            return False
        has_later = any(other > period for other in state.digests)
        return has_later or now - state.newest[period] >= self.settle_seconds

    def open_period(self, state: TrafficState, now: float) -> str | None:
        """Return the newest period, while it is not closed."""
        newest = max(self._in_production(state), default=None)
        return newest if newest and not self.is_closed(state, newest, now) else None

    def evidence(self, state: TrafficState, period: str) -> Evidence:
        """Return the digests of all that a period's cycle judges."""
        lag = self.problem.monitoring.label_lag
        due = label_lag.newest_due(period, lag, self.problem.length)
        return state.digests[period], state.digests.get(due, "")

    def succeed(self, state: TrafficState, period: str) -> None:
        """Note that a period was judged."""
        self.judged[period] = self.evidence(state, period)
        self.failures.pop(period, None)

    def fail(self, period: str, now: float) -> float:
        """Note that a cycle failed; return after how many seconds it is tried again."""
        count = self.failures.get(period, (0, 0.0))[0] + 1
        pause = min(self.pause_seconds * 2.0 ** (count - 1), MAX_PAUSE_SECONDS)
        self.failures[period] = count, now + pause
        return pause

    def _in_production(self, state: TrafficState) -> Sequence[str]:
        return [label for label in state.digests if self.problem.windows.in_production(label)]
