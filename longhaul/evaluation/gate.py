"""The gate: what a candidate must show on the test window, and what became of it.

It fails closed: what is missing, not finite or cannot be compared is a refusal with its reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from longhaul.data import period_ranges
from longhaul.evaluation.intervals import Interval
from longhaul.problem import Gate, TaskType
from longhaul.tasks import TASKS, display_name

SEEN = ("fit", "valid")  # the windows of a package

Windows = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class ChampionComparison:
    """The champion on the same test rows.

    Attributes
    ----------
    windows : mapping of str to sequence of str
        First and last period of what it has seen.
    improvement : Interval
        By how much the candidate's loss is lower: the log loss in nats, or the squared error.
    metrics : mapping of str to float
        The champion's own figures.
    """

    windows: Windows
    improvement: Interval
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class GateEvidence:
    """What the test window showed.

    Attributes
    ----------
    rows, positives : int
        Of the test window; the latter of two classes only.
    window : sequence of str
        Its first and last period.
    windows : mapping of str to sequence of str
        First and last period of what the candidate was fitted on, ``"fit"``, and of what its
        settings were chosen on, ``"valid"``.
    metrics : mapping of str to Interval
    rival : Rival or None
        None where there is no champion yet.
    task_type : {"binary", "multiclass", "regression"}
    distinct : int
        How many different outcomes the test window has.
    """

    rows: int
    positives: int
    window: Sequence[str]
    windows: Windows
    metrics: Mapping[str, Interval]
    rival: ChampionComparison | None = None
    task_type: TaskType = "binary"
    distinct: int = 0


@dataclass(frozen=True)
class GateCheck:
    """One condition: the figure it looks at, the limit, and in words what was found."""

    name: str
    passed: bool
    figure: float | None
    limit: float | None
    reason: str


@dataclass(frozen=True)
class GateVerdict:
    """All conditions; they pass together or not at all."""

    checks: tuple[GateCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether there were conditions and each of them holds."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def refusal(self) -> str:
        """The first reason to refuse; empty when there is none."""
        return next((check.reason for check in self.checks if not check.passed), "")


def judge(gate: Gate, evidence: GateEvidence) -> GateVerdict:
    """Hold the evidence against the problem's gate.

    Without a champion, absolute limits decide. With one, the candidate must be better by more
    than the declared margin even at the lower bound of the confidence interval: no winner by
    noise. Where the champion itself misses a limit on these rows, the candidate may miss it too if
    it comes no less near: to refuse it would keep the worse of both in production.

    Parameters
    ----------
    gate : Gate
    evidence : Evidence
    """
    checks = (_enough_rows, _both_classes, _every_figure, _unseen, _lead, _calibration)
    found = [one for check in checks if (one := check(gate, evidence))]
    return GateVerdict((*found, *_rivalry(gate, evidence)))


def _enough_rows(gate: Gate, evidence: GateEvidence) -> GateCheck:
    rows, limit = _finite(evidence.rows), gate.min_rows
    passed = rows is not None and rows >= limit
    found = f"{_whole(rows)} test rows"
    reason = f"{found}, at least {limit:,}" if passed else f"{found}, but {limit:,} are needed"
    return GateCheck("test rows", passed, rows, limit, reason)


def _both_classes(gate: Gate, evidence: GateEvidence) -> GateCheck:
    if evidence.task_type != "binary":
        return _varied(evidence)
    positives, rows = _finite(evidence.positives), _finite(evidence.rows)
    passed = positives is not None and rows is not None and 0 < positives < rows
    found = f"{_whole(positives)} of {_whole(rows)} test rows are positive"
    reason = found if passed else f"{found}, but both classes are needed"
    return GateCheck("both classes", passed, positives, None, reason)


def _varied(evidence: GateEvidence) -> GateCheck:
    """Where all outcomes are the same, no model can be told from a guess."""
    distinct = _finite(evidence.distinct)
    passed = distinct is not None and distinct > 1
    reason = f"{_whole(distinct)} different outcomes"
    reason += "" if passed else ", but there must be several"
    return GateCheck("different outcomes", passed, distinct, 2, reason)


def _every_figure(gate: Gate, evidence: GateEvidence) -> GateCheck:
    names = dict.fromkeys([*TASKS[evidence.task_type].metrics, *evidence.metrics])
    unknown = [name for name in names if not _known(evidence.metrics.get(name))]
    passed = not unknown
    reason = "every figure and interval is known"
    if unknown:
        reason = f"missing or not finite: {', '.join(map(display_name, unknown))}"
    return GateCheck("known figures", passed, len(names) - len(unknown), len(names), reason)


def _unseen(gate: Gate, evidence: GateEvidence) -> GateCheck:
    return _apart("candidate", evidence.windows, evidence.window)


def _lead(gate: Gate, evidence: GateEvidence) -> GateCheck:
    """The figure that a model is judged by."""
    name = TASKS[evidence.task_type].primary_metric
    figure, limit = _value(evidence.metrics.get(name)), getattr(gate, f"min_{name}")
    passed = figure is not None and figure >= limit
    relation = "at least" if passed else "below"
    reason = f"{display_name(name)} {_figure(figure, relation, limit)}"
    rival = _rival(evidence, name)
    if figure is not None and rival is not None and rival <= figure < limit:
        reason = f"{reason}, as is the champion's {rival:.4f}"
        return GateCheck(display_name(name), True, figure, rival, reason)
    return GateCheck(display_name(name), passed, figure, limit, reason)


def _calibration(gate: Gate, evidence: GateEvidence) -> GateCheck | None:
    if evidence.task_type == "regression":  # a number is not more or less sure
        return None
    figure = _value(evidence.metrics.get("calibration_error"))
    limit = gate.max_calibration_error
    passed = figure is not None and figure <= limit
    relation = "at most" if passed else "above"
    reason = f"calibration error {_figure(figure, relation, limit)}"
    rival = _rival(evidence, "calibration_error")
    if figure is not None and rival is not None and limit < figure <= rival:
        reason = f"{reason}, as is the champion's {rival:.4f}"
        return GateCheck("calibration error", True, figure, rival, reason)
    return GateCheck("calibration error", passed, figure, limit, reason)


def _rivalry(gate: Gate, evidence: GateEvidence) -> Iterator[GateCheck]:
    """What the champion asks of the candidate."""
    rival, window = evidence.rival, evidence.window
    if rival is None:
        reason = "there is no champion yet: absolute limits alone decide"
        yield GateCheck("no champion", True, None, None, reason)
        return
    yield _apart("champion", rival.windows, window)
    yield _better(gate, rival.improvement, evidence.task_type)


def _better(gate: Gate, improvement: Interval | None, task_type: TaskType) -> GateCheck:
    name, limit = "better than champion", gate.margin
    if improvement is None or not _known(improvement):
        return GateCheck(name, False, None, limit, "how it compares with the champion is not known")
    low, passed = improvement.low, improvement.low > limit
    found = f"{improvement.value:+.4f} [{low:+.4f}, {improvement.high:+.4f}]"
    loss = "squared error" if task_type == "regression" else "log loss"
    reason = f"{loss} lower than the champion's by {found}"
    reason += "" if passed else f", but the lower bound must be above {limit:g}"
    return GateCheck(name, passed, low, limit, reason)


def _apart(who: str, windows: Windows, test: Sequence[str]) -> GateCheck:
    """Whether a model has seen none of the test window."""
    windows = windows or {}
    unknown = [
        name for name in {*SEEN, *windows} if not period_ranges.comparable(windows.get(name), test)
    ]
    seen = [w for w in windows.values() if period_ranges.overlap(w, test)]
    passed = not unknown and not seen
    reason = f"the {who} has seen nothing of the test window"
    if unknown:
        reason = f"what the {who} has seen cannot be compared with the test window"
    elif seen:
        first, window = period_ranges.words(seen[0]), period_ranges.words(test)
        reason = f"the {who} has seen {first}, but the test window is {window}"
    return GateCheck(f"unseen by {who}", passed, None, None, reason)


def _known(interval: Any) -> bool:
    """Whether a figure and both its bounds are finite numbers."""
    parts = (getattr(interval, name, None) for name in ("value", "low", "high"))
    return all(_finite(part) is not None for part in parts)


def _value(interval: Any) -> float | None:
    return _finite(getattr(interval, "value", None))


def _rival(evidence: GateEvidence, name: str) -> float | None:
    """The champion's figure on the same rows, if there is a champion and it is known."""
    return _finite(evidence.rival.metrics.get(name)) if evidence.rival else None


def _finite(figure: Any) -> float | None:
    """The figure if it is a finite number."""
    try:
        return figure if isfinite(figure) else None
    except (TypeError, OverflowError):
        return None


def _figure(figure: float | None, relation: str, limit: float) -> str:
    if figure is None:
        return f"is not known, the limit is {limit:g}"
    return f"{figure:.4f} is {relation} {limit:g}"


def _whole(count: float | None) -> str:
    return "an unknown number of" if count is None else f"{count:,.0f}"
