"""The windows of a problem, moved on to the newest period."""

from collections.abc import Sequence
from dataclasses import replace

from longhaul.data import periods
from longhaul.errors import LonghaulError
from longhaul.problem import Problem, Windows

EXPANDING, SLIDING = "expanding", "sliding"
KINDS = (EXPANDING, SLIDING)


def until(problem: Problem, found: Sequence[str], newest: str, kind: str) -> Problem:
    """The same problem with windows that end in one period.

    The newest period tests, the one before it validates, and what lies before that trains: from
    the first period on ("extended"), or as many periods as declared ("sliding").

    Parameters
    ----------
    problem : Problem
    found : sequence of str
        The periods that the table has, in order of time.
    newest : str
        Whose outcomes are known.
    kind : {"extended", "sliding"}

    Raises
    ------
    LonghaulError
        When the kind is unknown, or the table has not enough periods up to `newest`.
    """
    if kind not in KINDS:
        raise LonghaulError(f"window: {kind!r} is unknown; choose one of {', '.join(KINDS)}")
    declared = problem.windows
    first, last = declared.train
    past = [label for label in found if first <= label <= newest]
    if newest not in past or len(past) < 3:
        have = ", ".join(past) or "none"
        raise LonghaulError(
            f"until: to train, to validate and to test takes three periods up to {newest!r};"
            f" the table has {have} from {first} on"
        )
    *fit, valid, test = past
    if kind == SLIDING:
        fit = fit[-len([label for label in found if first <= label <= last]) :]
    next_one = periods.shift(newest, 1)
    windows = Windows(
        train=(fit[0], fit[-1]),
        valid=(valid, valid),
        test=(test, test),
        production=(next_one, *(max(next_one, end) for end in declared.production[1:])),
    )
    return replace(problem, windows=windows)
