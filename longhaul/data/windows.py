"""Windows of a problem, moved on to the newest period."""

from collections.abc import Sequence
from dataclasses import replace

from longhaul.data import periods
from longhaul.errors import LonghaulError
from longhaul.problem import Problem, Windows

EXPANDING, SLIDING = "expanding", "sliding"
CHOICES = (EXPANDING, SLIDING)


def until(problem: Problem, labels: Sequence[str], newest: str, window: str) -> Problem:
    """Move the windows of a problem so that they end in one period.

    The newest period tests, the one before it validates, and what lies before that trains: from
    the first period on ("expanding"), or as many periods as declared ("sliding").

    Parameters
    ----------
    problem : Problem
    labels : sequence of str
        The periods that the table has, in order of time.
    newest : str
        A period with outcomes.
    window : {"expanding", "sliding"}

    Raises
    ------
    LonghaulError
        When the window is unknown, or the table has not enough periods up to `newest`.
    """
    if window not in CHOICES:
        raise LonghaulError(f"window: {window!r} is unknown; choose one of {', '.join(CHOICES)}")
    declared = problem.windows
    first, last = declared.train
    past = [label for label in labels if first <= label <= newest]
    if newest not in past or len(past) < 3:
        available = ", ".join(past) or "none"
        raise LonghaulError(
            f"until: to train, to validate and to test takes three periods up to {newest!r};"
            f" the table has {available} from {first} on"
        )
    *fit, valid, test = past
    if window == SLIDING:
        fit = fit[-len([label for label in labels if first <= label <= last]) :]
    following = periods.shift(newest, 1)
    windows = Windows(
        train=(fit[0], fit[-1]),
        valid=(valid, valid),
        test=(test, test),
        production=(following, *(max(following, end) for end in declared.production[1:])),
    )
    return replace(problem, windows=windows)
