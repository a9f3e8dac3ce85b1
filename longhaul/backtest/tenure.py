"""Tenure of a champion in a backtest: what it has served, and the challenger that waits."""

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from longhaul.evaluation.comparison import Comparison


class Deployed(NamedTuple):
    """Model in production, with the period that it won on.

    Attributes
    ----------
    name : str
        See `longhaul.backtest.models.Models`.
    judged_on : str
        The newest period that it was compared with a champion on; empty where it was with none.
    """

    name: str
    judged_on: str = ""


@dataclass(frozen=True)
class Waiting:
    """Challenger that is neither better nor worse than the champion beyond doubt.

    Attributes
    ----------
    challenger : Deployed
    comparison : Comparison
        Its gains over the champion, from all looks so far.
    """

    challenger: Deployed
    comparison: Comparison


@dataclass(frozen=True)
class Tenure:
    """Tenure of a champion, up to a period.

    Attributes
    ----------
    champion : Deployed
    periods : tuple of str
        That it has served, in order of time.
    degraded : tuple of bool
        Whether its performance was degraded in each of them that was evaluated.
    waiting : Waiting or None
    """

    champion: Deployed
    periods: tuple[str, ...] = ()
    degraded: tuple[bool, ...] = ()
    waiting: Waiting | None = None

    def serve(self, period: str) -> Self:
        """Add a period."""
        return replace(self, periods=(*self.periods, period))

    def judge(self, degraded: bool | None) -> Self:
        """Add whether the performance was degraded, if that is known."""
        return self if degraded is None else replace(self, degraded=(*self.degraded, degraded))
