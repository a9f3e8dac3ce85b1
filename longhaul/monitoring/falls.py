"""Falls of performance: figures of a period that are worse than promised, beyond doubt.

A model is judged by four things: how it ranks, its loss, whether its probabilities can be taken at
their word, and what its decisions cost. Each is compared with the window that the version was
judged on; the interval of the difference has the errors of both, and a tolerance is allowed on top.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot, isfinite
from typing import Literal

from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.murphy import PARTS
from longhaul.problem import Problem
from longhaul.task_type import TaskType
from longhaul.tasks import display_name, task_for

JUDGED: Mapping[TaskType, tuple[str, ...]] = {
    "binary": ("auc", "log_loss", "calibration_error", "saving"),
    "multiclass": ("accuracy", "log_loss", "calibration_error"),
    "regression": ("r2",),
}
MIN_PART = 0.005  # nats; parts of the loss that moved by less do not count
_RANKING = {"auc", "accuracy", "r2"}

Diagnosis = Literal["intact", "miscalibration", "discrimination", "uncertainty"]


@dataclass(frozen=True)
class Fall:
    """Comparison of one figure of a period with what was promised.

    Attributes
    ----------
    metric : str
    fallen : bool
        Whether it is worse by more than the tolerance, beyond doubt.
    figure : Interval
    limit : float
        Where the figure would have to lie to have fallen, were it known exactly.
    reason : str
    """

    metric: str
    fallen: bool
    figure: Interval
    limit: float
    reason: str


def compare(
    problem: Problem, figures: Mapping[str, Interval], baseline: Mapping[str, Interval]
) -> list[Fall]:
    """Compare the figures that judge with their values on the judged window.

    Parameters
    ----------
    problem : Problem
        Its tolerances: `fall`, `rise` and `saving` of monitoring, and `max_calibration_error` of
        the gate.
    figures, baseline : mapping of str to Interval
        Of the period, and of the judged window. A figure that either does not have, or that has no
        interval in the period, is left out.
    """
    falls = []
    for metric in JUDGED[problem.target.task_type]:
        figure, before = figures.get(metric), baseline.get(metric)
        if figure is None or not isfinite(figure.high - figure.low):
            continue
        if metric == "calibration_error":
            falls.append(_calibration(problem, figure))
        elif before is not None and isfinite(before.value):
            falls.append(_compare(problem, metric, figure, before))
    return falls


def primary(falls: list[Fall], problem: Problem) -> Fall | None:
    """Return the comparison of the primary metric; None where there is none."""
    name = task_for(problem.target.task_type).primary_metric
    return next((fall for fall in falls if fall.metric == name), None)


def diagnose(
    falls: list[Fall], figures: Mapping[str, Interval], baseline: Mapping[str, Interval]
) -> Diagnosis:
    """Find out what made a period worse: the model's order, its level, or neither.

    Parameters
    ----------
    falls : list of Fall
        Of `compare`.
    figures, baseline : mapping of str to Interval
        With the parts of the loss, where they are known; see `longhaul.monitoring.murphy`.
    """
    fallen = {fall.metric for fall in falls if fall.fallen}
    if not fallen:
        return "intact"
    moved = moved_parts(figures, baseline)
    if fallen & _RANKING or "discrimination" in moved:
        return "discrimination"
    if fallen == {"log_loss"} and moved == {"uncertainty"}:
        return "uncertainty"
    return "miscalibration"


def moved_parts(
    figures: Mapping[str, Interval], baseline: Mapping[str, Interval]
) -> frozenset[str]:
    """Return the parts of the loss that raised it beyond doubt, by more than `MIN_PART`."""
    moved = set()
    for part in PARTS:
        now, before = figures.get(part), baseline.get(part)
        if now is None or before is None or not isfinite(now.high - now.low):
            continue
        rise = now.value - before.value
        rise = -rise if part == "discrimination" else rise
        if rise - _margin(now, before) > MIN_PART:
            moved.add(part)
    return frozenset(moved)


def _compare(problem: Problem, metric: str, figure: Interval, before: Interval) -> Fall:
    tolerances = problem.monitoring
    margin = _margin(figure, before)
    judged = f"{_text(figure)}, {before.value:.3f} when it was judged"
    if metric == "log_loss":
        limit = before.value + tolerances.rise
        return Fall(metric, figure.value - margin > limit, figure, limit, judged)
    if metric == "saving":
        limit = before.value - tolerances.saving
        fallen = figure.value + margin < limit
        if figure.high < 0:
            reason = f"{judged}: a row costs more than by the best constant rule"
            return Fall(metric, True, figure, max(limit, 0.0), reason)
        return Fall(metric, fallen, figure, limit, judged)
    limit = before.value - tolerances.fall
    return Fall(metric, figure.value + margin < limit, figure, limit, judged)


def _calibration(problem: Problem, figure: Interval) -> Fall:
    most = problem.gate.max_calibration_error
    reason = f"{_text(figure)}, the gate allows {most:g}"
    return Fall("calibration_error", figure.low > most, figure, most, reason)


def _margin(figure: Interval, before: Interval) -> float:
    """Return the margin of error of a difference; an unknown error of the past counts as none."""
    return hypot(figure.error, before.error if isfinite(before.error) else 0.0)


def _text(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def describe(falls: list[Fall]) -> str:
    """Name the figures that have fallen, with their figures."""
    fallen = [fall for fall in falls if fall.fallen]
    return "; ".join(f"{display_name(fall.metric)} {fall.reason}" for fall in fallen)
