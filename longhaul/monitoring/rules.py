"""What is looked at in a period: each rule with its figure, its limit, and what was found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.drift import Drift
from longhaul.monitoring.performance import Figures
from longhaul.problem import Problem
from longhaul.tasks import display_name, task_for

State = Literal["ok", "watch", "act", "unknown"]


@dataclass(frozen=True)
class Rule:
    """One thing looked at: its figure, its limit, and in words what was found.

    Attributes
    ----------
    name : str
    state : {"ok", "watch", "act", "unknown"}
        Unknown is where there is not enough to tell; it is never taken for ok.
    figure, limit : float or None
    reason : str
    """

    name: str
    state: State
    figure: float | None
    limit: float | None
    reason: str


@dataclass(frozen=True)
class RealizedMetrics:
    """What a period's predictions turned out to be worth.

    Attributes
    ----------
    period : str
    rows, labelled, positives : int
        Predictions, those whose outcome is known, and those where it is positive.
    figures : dict of str to Interval
        Empty where no outcome is known.
    """

    period: str
    rows: int
    labelled: int
    positives: int
    figures: Figures


@dataclass(frozen=True)
class PeriodEvidence:
    """What a period showed.

    Attributes
    ----------
    rows : int
    columns : mapping of str to str
        What is wrong with a column as a whole.
    new : sequence of str
        Columns that nobody knows of.
    drift : Drift or None
        None where there are no rows.
    expected : dict of str to Interval
        Performance without outcomes.
    usual : float or None
        The leading figure expected of the reference's own predictions by the same means.
    baseline : float or None
        The leading figure on the window that the model was judged on.
    realized : Realized or None
        Of the newest period whose outcomes are due; None where none is.
    earlier : sequence of bool
        Whether the performance of the same model fell in each period before, oldest first.
    """

    rows: int
    columns: Mapping[str, str] = field(default_factory=dict)
    new: Sequence[str] = ()
    drift: Drift | None = None
    expected: Figures = field(default_factory=dict)
    usual: float | None = None
    baseline: float | None = None
    realized: RealizedMetrics | None = None
    earlier: Sequence[bool] = ()


def rules(problem: Problem, evidence: PeriodEvidence) -> Iterator[Rule]:
    """Everything that is looked at, in the order in which to read it."""
    yield _rows(problem, evidence)
    yield _columns(evidence)
    yield from _drift(evidence)
    yield _expectation(problem, evidence)
    yield from _performance(problem, evidence)
    fell = is_degraded(problem, evidence.realized, evidence.baseline)
    if fell is not None:
        yield _persistence(problem, fell, evidence.earlier)


def is_degraded(problem: Problem, realized: RealizedMetrics | None, baseline: float | None) -> bool | None:
    """Whether performance fell beyond its tolerance and all doubt; None where it is not known."""
    if realized is None or not _enough(problem, realized):
        return None
    lead, error = _lead(problem, realized.figures), realized.figures.get("calibration_error")
    if lead is None or baseline is None or not isfinite(lead.high):
        return None
    unsure = error is not None and error.low > problem.gate.max_calibration_error
    return lead.high < baseline - problem.monitoring.fall or unsure


def _lead(problem: Problem, figures: Figures) -> Interval | None:
    """The figure that models of this kind are judged by."""
    return figures.get(task_for(problem.target.task_type).primary_metric)


def _rows(problem: Problem, evidence: PeriodEvidence) -> Rule:
    rows, limit = evidence.rows, problem.monitoring.min_rows
    if rows >= limit:
        return Rule("rows", "ok", rows, limit, f"{rows:,} rows, at least {limit:,}")
    found = f"{rows:,} rows" if rows else "no rows"
    return Rule("rows", "unknown", rows, limit, f"insufficient data: {found} of {limit:,}")


def _columns(evidence: PeriodEvidence) -> Rule:
    """Columns that as a whole are not what the model learned from."""
    broken = dict(evidence.columns)
    if evidence.drift is not None:
        for column in evidence.drift.columns:
            absent = next((m for m in column.measures if m.name == "missing"), None)
            emptied = absent is not None and absent.p < 1 and column.distance >= 0.999
            if emptied and column.feature not in broken:
                broken[column.feature] = "has no value in any row"
    if broken:
        found = "; ".join(f"{name!r} {what}" for name, what in broken.items())
        return Rule("columns", "act", len(broken), 0, f"repair the data: {found}")
    if evidence.new:
        found = ", ".join(map(repr, evidence.new))
        return Rule("columns", "ok", 0, 0, f"new and not used: {found}")
    return Rule("columns", "ok", 0, 0, "all columns as they were")


def _drift(evidence: PeriodEvidence) -> Iterator[Rule]:
    drift = evidence.drift
    if drift is None:
        return
    found = drift.drifted
    if found:
        most = ", ".join(
            f"{one.name} ({one.cause.name} {one.cause.value:.2f})" for one in found[:3]
        )
        more = f" and {len(found) - 3} more" if found[3:] else ""
        yield Rule("features", "watch", len(found), 0, f"drifted: {most}{more}")
    else:
        count = len(drift.columns)
        yield Rule("features", "ok", 0, 0, f"none of {count} columns moved beyond its usual")
    for name, column in (
        ("predictions", drift.scores),
        ("volume", drift.volume),
        ("repeated rows", drift.repeated),
    ):
        one = column.cause
        state: State = "watch" if column.drifted else "ok"
        relation = "above" if column.drifted else "within"
        reason = f"{_words(one.name)} {one.value:.3f}, {relation} {one.limit:.3f}"
        yield Rule(name, state, _finite(one.value), one.limit, reason)


def _expectation(problem: Problem, evidence: PeriodEvidence) -> Rule:
    name = f"expected {display_name(task_for(problem.target.task_type).primary_metric)}"
    if problem.target.task_type == "regression":
        reason = "not available for regression: a predicted number does not say how sure it is"
        return Rule(name, "ok", None, None, reason)
    expected, usual = _lead(problem, evidence.expected), evidence.usual
    if expected is None or usual is None or not isfinite(expected.high):
        return Rule(name, "unknown", None, None, "insufficient data: nothing can be expected")
    limit = usual - problem.monitoring.fall
    if expected.high < limit:
        reason = f"{_interval(expected)}, below the {usual:.3f} expected of the reference"
        return Rule(name, "watch", expected.value, limit, reason)
    return Rule(name, "ok", expected.value, limit, f"{_interval(expected)} without outcomes")


def _performance(problem: Problem, evidence: PeriodEvidence) -> Iterator[Rule]:
    realized, baseline = evidence.realized, evidence.baseline
    name = f"realized {display_name(task_for(problem.target.task_type).primary_metric)}"
    if realized is None:
        yield Rule(name, "ok", None, None, "no outcomes are due yet")
        return
    period = realized.period
    lead, error = _lead(problem, realized.figures), realized.figures.get("calibration_error")
    if not _enough(problem, realized) or lead is None:
        yield Rule(name, "unknown", None, None, _too_few(problem, realized))
        return
    if baseline is None or not isfinite(lead.high):
        why = "there is nothing to compare it with" if baseline is None else "too few to be sure"
        reason = f"{period}: {lead.value:.3f} of {realized.labelled:,} outcomes, {why}"
        yield Rule(name, "unknown", _finite(lead.value), None, reason)
        return
    limit = baseline - problem.monitoring.fall
    state: State = "watch" if lead.high < limit else "ok"
    reason = f"{period}: {_interval(lead)}, {baseline:.3f} when it was judged"
    yield Rule(name, state, lead.value, limit, reason)
    if error is None:
        return
    most = problem.gate.max_calibration_error
    state = "watch" if error.low > most else "ok"
    reason = f"{period}: {_interval(error)}, the gate allows {most:g}"
    yield Rule("calibration error", state, error.value, most, reason)


def _persistence(problem: Problem, fell: bool, earlier: Sequence[bool]) -> Rule:
    """Whether performance has fallen often enough to train again."""
    needed, among = problem.monitoring.persistence
    last = [*earlier, fell][-among:]
    count = sum(last)
    enough = fell and count >= needed
    reason = f"performance fell in {count} of the last {len(last)} periods, {needed} are needed"
    state: State = "act" if enough else "watch" if fell else "ok"
    return Rule("persistence", state, count, needed, reason)


def _enough(problem: Problem, realized: RealizedMetrics) -> bool:
    both = 0 < realized.positives < realized.labelled
    return (
        both or problem.target.task_type != "binary"
    ) and realized.labelled >= problem.monitoring.min_rows


def _too_few(problem: Problem, realized: RealizedMetrics) -> str:
    limit = problem.monitoring.min_rows
    if not realized.labelled:
        return f"insufficient data: no outcome of {realized.period} is known, though they are due"
    if realized.labelled < limit:
        return (
            f"insufficient data: {realized.labelled:,} outcomes of {realized.period} are known,"
            f" {limit:,} are needed"
        )
    said = "positive" if realized.positives else "negative"
    return f"insufficient data: all {realized.labelled:,} outcomes of {realized.period} are {said}"


def _interval(one: Interval) -> str:
    return f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _words(name: str) -> str:
    return name.replace("_", " ")
