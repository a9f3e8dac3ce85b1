"""Median pruning: stop a trial that is worse than the median of earlier ones at the same point.

The median stopping rule (Golovin et al. 2017, Google Vizier: a service for black-box optimization,
KDD), applied at equal progress instead of equal rounds. Progress is the learning rate times the
rounds: at equal progress, boosting has much the same loss at a low and at a high rate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

import numpy as np

# Progress at which trials are compared. Few and late: each stops half of the trials that reach it,
# and early losses predict the final one poorly.
MARKS = (3.0, 5.0, 8.0)
MIN_TRIALS_AT_MARK = 4  # earlier trials at a mark before any trial is stopped there
_DIGITS = 12  # later digits of a loss depend on the number of threads
_NAME = "loss_at_"


@dataclass
class MedianPruner:
    """Decides whether a running trial should stop early.

    Attributes
    ----------
    earlier : sequence of mapping of str to float
        Metrics of earlier trials, including their losses at marks, named as in `marks`.
    cancelled : Event
        Set when the trial's result is no longer needed.
    marks : dict of str to float
        The lowest loss up to each mark reached; logged among the trial's metrics.
    stopped : bool
        Whether the trial was worse than the median at a mark.
    """

    earlier: Sequence[Mapping[str, float]]
    cancelled: Event = field(default_factory=Event)
    marks: dict[str, float] = field(default_factory=dict)
    stopped: bool = False

    def should_stop(self, before: float, progress: float, loss: float) -> bool:
        """Return whether the trial should stop now.

        Parameters
        ----------
        before, progress : float
            At the previous round, and now.
        loss : float
            The lowest one so far.
        """
        for mark in MARKS:
            if before < mark <= progress:
                name, loss = f"{_NAME}{mark:g}", round(loss, _DIGITS)
                self.marks[name] = loss
                losses = [metrics[name] for metrics in self.earlier if name in metrics]
                worse = len(losses) >= MIN_TRIALS_AT_MARK and loss > float(np.median(losses))
                self.stopped |= worse
        return self.stopped or self.cancelled.is_set()
