"""One decision per period: nothing to do, something to look at, or something to act on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.drift import Drift
from longhaul.monitoring.performance import Figures
from longhaul.problem import Problem

Level = Literal["ok", "watch", "act"]
Action = Literal["none", "look", "repair", "retrain"]
State = Literal["ok", "watch", "act", "unknown"]
LEVELS: tuple[Level, ...] = ("ok", "watch", "act")


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
class Decision:
    """What the rules say together.

    Attributes
    ----------
    level : {"ok", "watch", "act"}
    action : {"none", "look", "repair", "retrain"}
        Repair is for the data, retrain for the model.
    reason : str
    fell : bool or None
        Whether the newest period with outcomes performed worse than it may; None if not known.
    rules : tuple of Rule
    """

    level: Level
    action: Action
    reason: str
    fell: bool | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Realised:
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
class Evidence:
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
        The AUC expected of the reference's own predictions by the same means.
    baseline : float or None
        The AUC on the window that the model was judged on.
    realised : Realised or None
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
    realised: Realised | None = None
    earlier: Sequence[bool] = ()


def decide(problem: Problem, evidence: Evidence) -> Decision:
    """Hold a period's evidence against the problem's limits."""
    rules = [
        _rows(problem, evidence),
        _columns(evidence),
        *_drift(evidence),
        _expectation(problem, evidence),
        *_performance(problem, evidence),
    ]
    fell = fallen(problem, evidence.realised, evidence.baseline)
    lasting = _persistence(problem, fell, evidence.earlier)
    if lasting is not None:
        rules.append(lasting)
    return _conclude(tuple(rules), fell)


def fallen(problem: Problem, realised: Realised | None, baseline: float | None) -> bool | None:
    """Whether performance fell beyond its tolerance and all doubt; None where it is not known."""
    if realised is None or not _enough(problem, realised):
        return None
    auc, error = realised.figures.get("auc"), realised.figures.get("calibration_error")
    if auc is None or error is None or baseline is None or not isfinite(auc.high):
        return None
    floor = baseline - problem.monitoring.auc_fall
    return auc.high < floor or error.low > problem.gate.max_calibration_error


def _rows(problem: Problem, evidence: Evidence) -> Rule:
    rows, limit = evidence.rows, problem.monitoring.min_rows
    if rows >= limit:
        return Rule("rows", "ok", rows, limit, f"{rows:,} rows, at least {limit:,}")
    found = f"{rows:,} rows" if rows else "no rows"
    return Rule("rows", "unknown", rows, limit, f"insufficient data: {found} of {limit:,}")


def _columns(evidence: Evidence) -> Rule:
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


def _drift(evidence: Evidence) -> Iterator[Rule]:
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


def _expectation(problem: Problem, evidence: Evidence) -> Rule:
    name, expected, usual = "expected AUC", evidence.expected.get("auc"), evidence.usual
    if expected is None or usual is None or not isfinite(expected.high):
        return Rule(name, "unknown", None, None, "insufficient data: nothing can be expected")
    limit = usual - problem.monitoring.auc_fall
    if expected.high < limit:
        reason = f"{_interval(expected)}, below the {usual:.3f} expected of the reference"
        return Rule(name, "watch", expected.value, limit, reason)
    return Rule(name, "ok", expected.value, limit, f"{_interval(expected)} without outcomes")


def _performance(problem: Problem, evidence: Evidence) -> Iterator[Rule]:
    realised, baseline = evidence.realised, evidence.baseline
    if realised is None:
        reason = "no outcomes are due yet"
        yield Rule("realised AUC", "ok", None, None, reason)
        return
    period = realised.period
    if not _enough(problem, realised):
        yield Rule("realised AUC", "unknown", None, None, _too_few(problem, realised))
        return
    auc, error = realised.figures["auc"], realised.figures["calibration_error"]
    if baseline is None or not isfinite(auc.high):
        reason = f"{period}: there is nothing to compare {auc.value:.3f} with"
        yield Rule("realised AUC", "unknown", _finite(auc.value), None, reason)
        return
    limit = baseline - problem.monitoring.auc_fall
    state: State = "watch" if auc.high < limit else "ok"
    reason = f"{period}: {_interval(auc)}, {baseline:.3f} when it was judged"
    yield Rule("realised AUC", state, auc.value, limit, reason)
    most = problem.gate.max_calibration_error
    state = "watch" if error.low > most else "ok"
    reason = f"{period}: {_interval(error)}, the gate allows {most:g}"
    yield Rule("calibration error", state, error.value, most, reason)


def _persistence(problem: Problem, fell: bool | None, earlier: Sequence[bool]) -> Rule | None:
    """Whether performance has fallen often enough to train again."""
    if fell is None:
        return None
    needed, among = problem.monitoring.persistence
    last = [*earlier, fell][-among:]
    count = sum(last)
    enough = fell and count >= needed
    reason = f"performance fell in {count} of the last {len(last)} periods, {needed} are needed"
    state: State = "act" if enough else "watch" if fell else "ok"
    return Rule("persistence", state, count, needed, reason)


def _conclude(rules: tuple[Rule, ...], fell: bool | None) -> Decision:
    states = {rule.name: rule for rule in rules}
    if states["columns"].state == "act":
        return Decision("act", "repair", states["columns"].reason, fell, rules)
    lasting = states.get("persistence")
    if lasting is not None and lasting.state == "act":
        return Decision("act", "retrain", lasting.reason, fell, rules)
    told = [rule for rule in rules if rule.state in {"watch", "unknown"}]
    if not told:
        return Decision("ok", "none", "nothing moved beyond its usual", fell, rules)
    unknown = next((rule for rule in told if rule.state == "unknown"), None)
    if fell is False and unknown is None and all(_of_data(rule) for rule in told):
        moved = " and ".join(rule.name for rule in told)
        reason = f"{moved} drifted, performance intact: no retraining"
        return Decision("watch", "none", reason, fell, rules)
    first = unknown or next((rule for rule in told if not _of_data(rule)), told[0])
    return Decision("watch", "look", f"{first.name}: {first.reason}", fell, rules)


def _of_data(rule: Rule) -> bool:
    """Whether a rule speaks of the data, not of performance."""
    return rule.name in {"features", "predictions", "volume", "repeated rows", "expected AUC"}


def _enough(problem: Problem, realised: Realised) -> bool:
    both = 0 < realised.positives < realised.labelled
    return both and realised.labelled >= problem.monitoring.min_rows


def _too_few(problem: Problem, realised: Realised) -> str:
    limit = problem.monitoring.min_rows
    if not realised.labelled:
        return f"insufficient data: no outcome of {realised.period} is known, though they are due"
    if realised.labelled < limit:
        return (
            f"insufficient data: {realised.labelled:,} outcomes of {realised.period} are known,"
            f" {limit:,} are needed"
        )
    said = "positive" if realised.positives else "negative"
    return f"insufficient data: all {realised.labelled:,} outcomes of {realised.period} are {said}"


def _interval(one: Interval) -> str:
    return f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _words(name: str) -> str:
    return name.replace("_", " ")
