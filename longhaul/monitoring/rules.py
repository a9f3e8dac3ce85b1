"""Rules that judge a period, each with its figure, its limit and a reason in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.drift import Drift
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.thresholds import MIN_PERIODS
from longhaul.problem import Problem
from longhaul.tasks import display_name, task_for

State = Literal["ok", "watch", "act", "unknown"]


@dataclass(frozen=True)
class Rule:
    """Verdict on one aspect of a period: its figure, its limit and a reason in words.

    Attributes
    ----------
    name : str
    state : {"ok", "watch", "act", "unknown"}
        Unknown where there is not enough data to tell; it is never taken for ok.
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
    """Realized performance of a period's predictions.

    Attributes
    ----------
    period : str
    rows, labelled, positives : int
        Predictions, those with a label, and those with a positive one.
    figures : dict of str to Interval
        Empty where no label is known.
    """

    period: str
    rows: int
    labelled: int
    positives: int
    figures: Figures


@dataclass(frozen=True)
class PeriodEvidence:
    """Evidence of a period that the rules judge.

    Attributes
    ----------
    rows : int
    columns : mapping of str to str
        By column: what is wrong with all of it.
    new : sequence of str
        Columns that are neither features nor declared as excluded.
    drift : Drift or None
        None where there are no rows.
    expected : dict of str to Interval
        Performance estimated without labels.
    reference_estimate : float or None
        The primary metric estimated for the reference's own predictions by the same means.
    baseline : float or None
        The primary metric on the window that the model was judged on.
    realized : RealizedMetrics or None
        Of the newest period with labels due; None where there is none.
    earlier : sequence of bool
        Whether the same model's performance was degraded in each period before, oldest first.
    """

    rows: int
    columns: Mapping[str, str] = field(default_factory=dict)
    new: Sequence[str] = ()
    drift: Drift | None = None
    expected: Figures = field(default_factory=dict)
    reference_estimate: float | None = None
    baseline: float | None = None
    realized: RealizedMetrics | None = None
    earlier: Sequence[bool] = ()


def apply_rules(problem: Problem, evidence: PeriodEvidence) -> Iterator[Rule]:
    """Apply all rules to a period's evidence, in reading order."""
    yield _rows(problem, evidence)
    yield _columns(evidence)
    yield from _drift(evidence)
    yield _expectation(problem, evidence)
    yield from _performance(problem, evidence)
    degraded = is_degraded(problem, evidence.realized, evidence.baseline)
    if degraded is not None:
        yield _persistence(problem, degraded, evidence.earlier)


def is_degraded(
    problem: Problem, realized: RealizedMetrics | None, baseline: float | None
) -> bool | None:
    """Return whether performance is below its tolerance beyond doubt; None where not known."""
    if realized is None or not _enough(problem, realized):
        return None
    primary = _primary_metric(problem, realized.figures)
    error = realized.figures.get("calibration_error")
    if primary is None or baseline is None or not isfinite(primary.high):
        return None
    miscalibrated = error is not None and error.low > problem.gate.max_calibration_error
    return primary.high < baseline - problem.monitoring.fall or miscalibrated


def _primary_metric(problem: Problem, figures: Figures) -> Interval | None:
    """Return the metric that models of this type are judged by."""
    return figures.get(task_for(problem.target.task_type).primary_metric)


def _rows(problem: Problem, evidence: PeriodEvidence) -> Rule:
    rows, limit = evidence.rows, problem.monitoring.min_rows
    if rows >= limit:
        return Rule("rows", "ok", rows, limit, f"{rows:,} rows, at least {limit:,}")
    present = f"{rows:,} rows" if rows else "no rows"
    return Rule("rows", "unknown", rows, limit, f"insufficient data: {present} of {limit:,}")


def _columns(evidence: PeriodEvidence) -> Rule:
    """Judge columns that are missing, empty or of another type than the model was fitted on."""
    broken = dict(evidence.columns)
    if evidence.drift is not None:
        for column in evidence.drift.columns:
            if column.empty and column.feature not in broken:
                broken[column.feature] = "has no value in any row"
    if broken:
        faults = "; ".join(f"{name!r} {fault}" for name, fault in broken.items())
        return Rule("columns", "act", len(broken), 0, f"repair the data: {faults}")
    if evidence.new:
        names = ", ".join(map(repr, evidence.new))
        return Rule("columns", "ok", 0, 0, f"new and not used: {names}")
    return Rule("columns", "ok", 0, 0, "all columns as they were")


def _drift(evidence: PeriodEvidence) -> Iterator[Rule]:
    drift = evidence.drift
    if drift is None:
        return
    yield _features(drift)
    for name, column in (
        ("predictions", drift.scores),
        ("volume", drift.volume),
        ("repeated rows", drift.repeated),
    ):
        measure = column.cause
        state: State = "watch" if column.drifted else "ok"
        relation = "above" if measure.value > measure.limit else "within"
        reason = (
            f"{measure.name.replace('_', ' ')} {measure.value:.3f}, {relation} {measure.limit:.3f}"
        )
        if name == "predictions" and drift.score_periods < MIN_PERIODS:
            reason += _customary(drift.score_periods)
        if drift.incomparable:
            reason += f"; not judged: {drift.incomparable}"
        yield Rule(name, state, _finite(measure.value), measure.limit, reason)


def _features(drift: Drift) -> Rule:
    drifted = drift.drifted
    if drift.incomparable:
        return Rule("features", "ok", 0, 0, f"not judged: {drift.incomparable}")
    trends = [column.name for column in drift.columns if column.trend and not column.drifted]
    trend = f"; {_names(trends)} follows its trend" if trends else ""
    if drifted:
        causes = [
            f"{column.name} ({column.cause.name} {column.cause.value:.2f})" for column in drifted
        ]
        return Rule("features", "watch", len(drifted), 0, f"drifted: {_names(causes)}{trend}")
    reason = f"none of {len(drift.columns)} columns moved beyond its reference variation{trend}"
    return Rule("features", "ok", 0, 0, reason)


def _names(names: Sequence[str]) -> str:
    """List the first three names, and how many more there are."""
    more = f" and {len(names) - 3} more" if names[3:] else ""
    return ", ".join(names[:3]) + more


def _customary(periods: int) -> str:
    return (
        f", a customary limit: the reference has predictions of {periods} periods, and"
        f" {MIN_PERIODS} are needed to learn one"
    )


def _expectation(problem: Problem, evidence: PeriodEvidence) -> Rule:
    name = f"expected {display_name(task_for(problem.target.task_type).primary_metric)}"
    if problem.target.task_type == "regression":
        reason = "not available for regression: a predicted number does not say how sure it is"
        return Rule(name, "ok", None, None, reason)
    expected, estimate = _primary_metric(problem, evidence.expected), evidence.reference_estimate
    if expected is None or estimate is None or not isfinite(expected.high):
        return Rule(name, "unknown", None, None, "insufficient data: nothing can be expected")
    limit = estimate - problem.monitoring.fall
    if expected.high < limit:
        reason = f"{_interval(expected)}, below the {estimate:.3f} expected of the reference"
        return Rule(name, "watch", expected.value, limit, reason)
    return Rule(name, "ok", expected.value, limit, f"{_interval(expected)} without outcomes")


def _performance(problem: Problem, evidence: PeriodEvidence) -> Iterator[Rule]:
    realized, baseline = evidence.realized, evidence.baseline
    name = f"realized {display_name(task_for(problem.target.task_type).primary_metric)}"
    if realized is None:
        yield Rule(name, "ok", None, None, "no outcomes are due yet")
        return
    period = realized.period
    primary = _primary_metric(problem, realized.figures)
    error = realized.figures.get("calibration_error")
    if not _enough(problem, realized) or primary is None:
        yield Rule(name, "unknown", None, None, _too_few(problem, realized))
        return
    if baseline is None or not isfinite(primary.high):
        why = "there is nothing to compare it with" if baseline is None else "too few to be sure"
        reason = f"{period}: {primary.value:.3f} of {realized.labelled:,} outcomes, {why}"
        yield Rule(name, "unknown", _finite(primary.value), None, reason)
        return
    limit = baseline - problem.monitoring.fall
    state: State = "watch" if primary.high < limit else "ok"
    reason = f"{period}: {_interval(primary)}, {baseline:.3f} when it was judged"
    yield Rule(name, state, primary.value, limit, reason)
    if error is None:
        return
    most = problem.gate.max_calibration_error
    state = "watch" if error.low > most else "ok"
    reason = f"{period}: {_interval(error)}, the gate allows {most:g}"
    yield Rule("calibration error", state, error.value, most, reason)


def _persistence(problem: Problem, degraded: bool, earlier: Sequence[bool]) -> Rule:
    """Judge whether performance was degraded often enough to train again."""
    needed, among = problem.monitoring.persistence
    last = [*earlier, degraded][-among:]
    count = sum(last)
    enough = degraded and count >= needed
    reason = f"performance fell in {count} of the last {len(last)} periods, {needed} are needed"
    state: State = "act" if enough else "watch" if degraded else "ok"
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
    label = "positive" if realized.positives else "negative"
    return f"insufficient data: all {realized.labelled:,} outcomes of {realized.period} are {label}"


def _interval(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
