"""Rules that judge a period, each with its figure, its limit and a reason in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from longhaul.data import clusters
from longhaul.evaluation.intervals import Interval
from longhaul.monitoring import falls as falls_of
from longhaul.monitoring.drift import Drift
from longhaul.monitoring.evidence import PeriodEvidence, RealizedMetrics, ServiceLosses
from longhaul.monitoring.falls import Diagnosis, Fall
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


def apply_rules(problem: Problem, evidence: PeriodEvidence) -> Iterator[Rule]:
    """Apply all rules to a period's evidence, in reading order."""
    yield _rows(problem, evidence)
    yield _columns(evidence)
    if evidence.losses is not None:
        yield _service(problem, evidence.rows, evidence.losses)
    yield from _drift(evidence)
    yield _expectation(problem, evidence)
    yield from _performance(problem, evidence)
    diagnosis = diagnose(problem, evidence.realized, evidence.baseline)
    if diagnosis is not None:
        yield _cause(diagnosis, evidence)
        yield _persistence(problem, is_fault(diagnosis), evidence.earlier)


def diagnose(
    problem: Problem, realized: RealizedMetrics | None, baseline: Figures
) -> Diagnosis | None:
    """Find out what made a period worse than promised; None where it is not known."""
    if realized is None or not _enough(problem, realized):
        return None
    compared = falls_of.compare(problem, realized.figures, baseline)
    if falls_of.primary(compared, problem) is None:
        return None
    return falls_of.diagnose(compared, realized.figures, baseline)


def is_fault(diagnosis: Diagnosis) -> bool:
    """Return whether a remedy may help: the model's order or level is off, not only chance."""
    return diagnosis in {"miscalibration", "discrimination"}


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
    if evidence.breach:
        return Rule("columns", "act", 1, 0, f"repair the data: {evidence.breach}")
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


def _service(problem: Problem, rows: int, losses: ServiceLosses) -> Rule:
    """Judge what the service could not read or record, by the share that a batch may lose."""
    share, limit = losses.total / max(rows + losses.total, 1), problem.contract.quarantine
    if not losses.total:
        return Rule("service", "ok", 0, limit, "every request was read and recorded")
    counted = (
        f"{losses.refused:,} requests refused as unreadable, {losses.unread:,} values unread,"
        f" {losses.unrecorded:,} rows answered but not recorded, for {rows:,} recorded rows"
    )
    if share > limit:
        return Rule("service", "act", share, limit, f"repair the data or the service: {counted}")
    return Rule("service", "ok", share, limit, counted)


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
        unjudged = drift.incomparable or ("" if name == "volume" else drift.partial)
        if unjudged:
            reason += f"; not judged: {unjudged}"
        yield Rule(name, state, _finite(measure.value), measure.limit, reason)


def _features(drift: Drift) -> Rule:
    drifted = drift.drifted
    if unjudged := drift.incomparable or drift.partial:
        return Rule("features", "ok", 0, 0, f"not judged: {unjudged}")
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
    if evidence.missed:
        reason = "not shown: it missed the newest window with outcomes"
        return Rule(name, "ok", None, None, reason)
    expected, estimate = _primary_metric(problem, evidence.expected), evidence.reference_estimate
    if expected is None and problem.target.task_type == "regression":
        reason = "not available: nothing was learned of the model's errors when it was trained"
        return Rule(name, "ok", None, None, reason)
    if expected is None or estimate is None or not isfinite(expected.high):
        return Rule(name, "unknown", None, None, "insufficient data: nothing can be expected")
    limit = estimate - problem.monitoring.fall
    if expected.high < limit:
        reason = f"{_interval(expected)}, below the {estimate:.3f} expected of the judged window"
        return Rule(name, "watch", expected.value, limit, reason)
    return Rule(name, "ok", expected.value, limit, f"{_interval(expected)} without outcomes")


def _performance(problem: Problem, evidence: PeriodEvidence) -> Iterator[Rule]:
    """Judge each figure that a model is held to."""
    realized = evidence.realized
    name = f"realized {display_name(task_for(problem.target.task_type).primary_metric)}"
    if realized is None:
        yield Rule(name, "ok", None, None, "no outcomes are due yet")
        return
    primary = _primary_metric(problem, realized.figures)
    if not _enough(problem, realized) or primary is None:
        yield Rule(name, "unknown", None, None, _too_few(problem, realized))
        return
    compared = falls_of.compare(problem, realized.figures, evidence.baseline)
    if falls_of.primary(compared, problem) is None:
        why = "there is nothing to compare it with"
        if not isfinite(primary.high):
            why = "too few to be sure"
        reason = f"{realized.period}: {primary.value:.3f} of {realized.labelled:,} outcomes, {why}"
        yield Rule(name, "unknown", _finite(primary.value), None, reason)
        return
    yield from (_judged(realized.period, fall) for fall in compared)


def _judged(period: str, fall: Fall) -> Rule:
    state: State = "watch" if fall.fallen else "ok"
    name = f"realized {display_name(fall.metric)}"
    return Rule(name, state, fall.figure.value, fall.limit, f"{period}: {fall.reason}")


_CAUSES: Mapping[Diagnosis, str] = {
    "intact": "no figure is worse than promised beyond doubt",
    "miscalibration": "the level is off: probabilities no longer mean what they say",
    "discrimination": "the order is off: the model tells rows apart less well",
    "uncertainty": "only the uncertainty moved: outcomes are harder to predict by any model",
}


def _cause(diagnosis: Diagnosis, evidence: PeriodEvidence) -> Rule:
    """Name what made the period worse, and the remedy for it."""
    reason, correction = _CAUSES[diagnosis], evidence.correction
    if not correction.applied and (
        correction.is_proven or (diagnosis == "miscalibration" and correction.helps)
    ):
        reason = f"{_CAUSES['miscalibration']}; a correction would have saved"
        reason = f"{reason} {correction.describe()}"
        return Rule("cause", "act", None, None, reason)
    if diagnosis == "miscalibration":
        reason += "; " + (
            "the correction could not win it back"
            if correction.applied
            else "no correction from outcomes is known to help"
        )
    state: State = "watch" if is_fault(diagnosis) else "ok"
    return Rule("cause", state, None, None, reason)


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
    both = 0 < realized.positives < realized.labelled or problem.target.task_type != "binary"
    enough = realized.labelled >= problem.monitoring.min_rows
    return both and enough and clusters.enough(realized.clusters) and _complete(problem, realized)


def _complete(problem: Problem, realized: RealizedMetrics) -> bool:
    """Return whether outcomes are known of rows enough, and of rows like the others."""
    complete = realized.completeness
    return complete is None or (
        complete.share >= problem.monitoring.min_labelled and complete.representative
    )


def _too_few(problem: Problem, realized: RealizedMetrics) -> str:
    limit = problem.monitoring.min_rows
    if not realized.labelled:
        return f"insufficient data: no outcome of {realized.period} is known, though they are due"
    if realized.labelled < limit:
        return (
            f"insufficient data: {realized.labelled:,} outcomes of {realized.period} are known,"
            f" {limit:,} are needed"
        )
    if not clusters.enough(realized.clusters):
        return (
            f"insufficient data: {realized.clusters} {realized.unit} of {realized.period} have"
            f" outcomes, {clusters.MIN_CLUSTERS} are needed"
        )
    complete = realized.completeness
    if complete is not None and complete.share < problem.monitoring.min_labelled:
        return (
            f"insufficient data: outcomes of {complete.share:.0%} of the rows of {realized.period}"
            f" are known, {problem.monitoring.min_labelled:.0%} are needed"
        )
    if complete is not None and not complete.representative:
        return (
            f"insufficient data: rows of {realized.period} with an outcome are predicted otherwise"
            f" than those without (distance {complete.distance:.3f}, above {complete.limit:.3f});"
            " wait for the others"
        )
    label = "positive" if realized.positives else "negative"
    return f"insufficient data: all {realized.labelled:,} outcomes of {realized.period} are {label}"


def _interval(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
