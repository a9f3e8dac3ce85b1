"""Races between trials: one that trails those before it at the same point is stopped.

The median stopping rule (Golovin et al. 2017, Google Vizier: a service for black-box optimization,
KDD), but at equal progress, not after equal rounds: progress is the learning rate times the rounds,
by which boosting at a low and at a high rate goes through much the same losses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

import numpy as np

# Few and late: each stops half of those who reach it, and early on losses say little of the last.
MARKS = (3.0, 5.0, 8.0)
MIN_TRIALS_AT_MARK = 4  # at a mark, before anyone is stopped there
_DIGITS = 12  # beyond which a loss depends on how many threads sum it up
_NAME = "loss_at_"


@dataclass
class MedianPruner:
    """One trial's race.

    Attributes
    ----------
    rivals : sequence of mapping of str to float
        Metrics of earlier trials, the marks among them as `marks` names them.
    given_up : Event
        Set when nobody waits for the trial any more.
    marks : dict of str to float
        The lowest loss up to each mark that was reached; in the end, some of the trial's metrics.
    stopped : bool
        Whether it trailed.
    """

    rivals: Sequence[Mapping[str, float]]
    given_up: Event = field(default_factory=Event)
    marks: dict[str, float] = field(default_factory=dict)
    stopped: bool = False

    def trails(self, before: float, progress: float, loss: float) -> bool:
        """Whether to stop here.

        Parameters
        ----------
        before, progress : float
            One round ago, and now.
        loss : float
            The lowest so far.
        """
        for mark in MARKS:
            if before < mark <= progress:
                name, loss = f"{_NAME}{mark:g}", round(loss, _DIGITS)
                self.marks[name] = loss
                others = [rival[name] for rival in self.rivals if name in rival]
                self.stopped |= len(others) >= MIN_TRIALS_AT_MARK and loss > float(np.median(others))
        return self.stopped or self.given_up.is_set()
