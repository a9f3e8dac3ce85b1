"""The gate: checks of a candidate on the test window, and their verdict.

It fails closed: a figure that is missing, not finite or not comparable is a refusal with a reason.
Evidence is counted by cluster, see `longhaul.data.clusters`. There are three answers: promote,
refuse, and undecided, where only more rows can tell whether the candidate beats the champion.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Literal

from longhaul.data import clusters, period_ranges
from longhaul.evaluation.comparison import Comparison
from longhaul.evaluation.intervals import Interval
from longhaul.problem import Gate
from longhaul.task_type import TaskType
from longhaul.tasks import TASKS, display_name

SEEN = ("fit", "valid")  # the windows that a package was fitted and chosen on

Windows = Mapping[str, Sequence[str]]
Outcome = Literal["promote", "refuse", "undecided"]


@dataclass(frozen=True)
class ChampionComparison:
    """The champion's performance on the same test rows.

    Attributes
    ----------
    windows : mapping of str to sequence of str
        First and last period of the rows it was fitted and chosen on.
    improvement : Interval
        Reduction of the loss by the candidate, over all looks: log loss in nats, recalibrated, or
        squared error.
    metrics : mapping of str to float
        The champion's metrics.
    raw : Interval or None
        The same without recalibration; for two classes only.
    look : int
        The number of this look, from 1.
    comparison : Comparison or None
        The gains by cluster that the intervals are computed from.
    """

    windows: Windows
    improvement: Interval
    metrics: Mapping[str, float] = field(default_factory=dict)
    raw: Interval | None = None
    look: int = 1
    comparison: Comparison | None = None


@dataclass(frozen=True)
class GateEvidence:
    """Figures of the test window that the gate judges by.

    Attributes
    ----------
    rows, positives : int
        Of the test window; positives for two classes only.
    window : sequence of str
        Its first and last period.
    windows : mapping of str to sequence of str
        First and last period of the rows the candidate was fitted on, ``"fit"``, and of those its
        settings were chosen on, ``"valid"``.
    metrics : mapping of str to Interval
    champion : ChampionComparison or None
        None where there is no champion yet.
    task_type : {"binary", "multiclass", "regression"}
    distinct : int
        Number of distinct outcomes in the test window.
    clusters : int
        Number of clusters in the test window.
    unit : str
        What a cluster is, in the plural, such as ``days``.
    """

    rows: int
    positives: int
    window: Sequence[str]
    windows: Windows
    metrics: Mapping[str, Interval]
    champion: ChampionComparison | None = None
    task_type: TaskType = "binary"
    distinct: int = 0
    clusters: int = 0
    unit: str = "clusters"


@dataclass(frozen=True)
class GateCheck:
    """One check: the figure, its limit, and the reason in words.

    One that has not passed may be undecided: more rows can still decide it.
    """

    name: str
    passed: bool
    figure: float | None
    limit: float | None
    reason: str
    undecided: bool = False


@dataclass(frozen=True)
class GateVerdict:
    """All checks; the verdict passes when every check does."""

    checks: tuple[GateCheck, ...]

    @property
    def passed(self) -> bool:
        """Return whether there are checks and all of them pass."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def outcome(self) -> Outcome:
        """Return the answer: undecided only where nothing else stands in the way."""
        if self.passed:
            return "promote"
        failed = [check for check in self.checks if not check.passed]
        return "undecided" if failed and all(check.undecided for check in failed) else "refuse"

    @property
    def refusal(self) -> str:
        """All reasons against a promotion; empty when there is none."""
        return "; ".join(check.reason for check in self.checks if not check.passed)


def judge(gate: Gate, evidence: GateEvidence) -> GateVerdict:
    """Judge the evidence by the problem's gate.

    Without a champion, absolute limits decide. With one, the candidate must be better by more than
    the declared margin even at the lower bound of the confidence interval, so that noise does not
    decide. Where even the upper bound is not above the margin, it is refused; else it is undecided,
    until the last look, see `longhaul.evaluation.comparison.confidence_of_look`. Where
    the champion itself misses a limit on these rows, the candidate may miss it too if it is at
    least as close: a refusal would keep the worse of the two in production.

    Parameters
    ----------
    gate : Gate
    evidence : GateEvidence
    """
    data = (_enough_rows, _enough_clusters, _both_classes, _finite_metrics)
    lacking = [_may_wait(gate, evidence, check(gate, evidence)) for check in data]
    checks = (_unseen, _primary_metric, _calibration)
    absolute = [outcome for check in checks if (outcome := check(gate, evidence))]
    return GateVerdict((*lacking, *absolute, *_against_champion(gate, evidence)))


def _may_wait(gate: Gate, evidence: GateEvidence, check: GateCheck) -> GateCheck:
    """Leave a candidate undecided where a later look, unlike the first, lacks data."""
    look = evidence.champion.look if evidence.champion else 1
    return replace(check, undecided=not check.passed and 1 < look < gate.looks)


def _enough_rows(gate: Gate, evidence: GateEvidence) -> GateCheck:
    rows, limit = _finite(evidence.rows), gate.min_rows
    passed = rows is not None and rows >= limit
    count = f"{_count(rows)} test rows"
    reason = f"{count}, at least {limit:,}" if passed else f"{count}, but {limit:,} are needed"
    return GateCheck("test rows", passed, rows, limit, reason)


def _enough_clusters(gate: Gate, evidence: GateEvidence) -> GateCheck:
    """Check that there are enough clusters for an interval."""
    number, limit = _finite(evidence.clusters), clusters.MIN_CLUSTERS
    passed = number is not None and clusters.enough(int(number))
    count = f"{_count(number)} {evidence.unit}"
    reason = f"insufficient data: {count}, but {limit} are needed"
    return GateCheck(
        evidence.unit, passed, number, limit, f"{count}, at least {limit}" if passed else reason
    )


def _both_classes(gate: Gate, evidence: GateEvidence) -> GateCheck:
    if evidence.task_type != "binary":
        return _varied(evidence)
    positives, rows = _finite(evidence.positives), _finite(evidence.rows)
    passed = positives is not None and rows is not None and 0 < positives < rows
    shares = f"{_count(positives)} of {_count(rows)} test rows are positive"
    reason = shares if passed else f"{shares}, but both classes are needed"
    return GateCheck("both classes", passed, positives, None, reason)


def _varied(evidence: GateEvidence) -> GateCheck:
    """Check that outcomes differ: where all are equal, a constant guess is perfect."""
    distinct = _finite(evidence.distinct)
    passed = distinct is not None and distinct > 1
    reason = f"{_count(distinct)} different outcomes"
    reason += "" if passed else ", but there must be several"
    return GateCheck("different outcomes", passed, distinct, 2, reason)


def _finite_metrics(gate: Gate, evidence: GateEvidence) -> GateCheck:
    """Check that all figures are known, and their bounds too, if clusters are enough for any."""
    names = TASKS[evidence.task_type].metrics
    bounds = _finite(evidence.clusters) is None or clusters.enough(evidence.clusters)
    is_complete = _is_finite if bounds else lambda interval: _value(interval) is not None
    unknown = [name for name in names if not is_complete(evidence.metrics.get(name))]
    passed = not unknown
    reason = "every figure and interval is known" if bounds else "every figure is known"
    if unknown:
        reason = f"missing or not finite: {', '.join(map(display_name, unknown))}"
    return GateCheck("known figures", passed, len(names) - len(unknown), len(names), reason)


def _unseen(gate: Gate, evidence: GateEvidence) -> GateCheck:
    return _separate_windows("candidate", evidence.windows, evidence.window)


def _primary_metric(gate: Gate, evidence: GateEvidence) -> GateCheck:
    """Check the task's primary metric."""
    name = TASKS[evidence.task_type].primary_metric
    figure, limit = _value(evidence.metrics.get(name)), getattr(gate, f"min_{name}")
    passed = figure is not None and figure >= limit
    relation = "at least" if passed else "below"
    reason = f"{display_name(name)} {_figure(figure, relation, limit)}"
    champion = _champion_figure(evidence, name)
    if figure is not None and champion is not None and champion <= figure < limit:
        reason = f"{reason}, as is the champion's {champion:.4f}"
        return GateCheck(display_name(name), True, figure, champion, reason)
    return GateCheck(display_name(name), passed, figure, limit, reason)


def _calibration(gate: Gate, evidence: GateEvidence) -> GateCheck | None:
    if evidence.task_type == "regression":  # a predicted number has no probability
        return None
    figure = _value(evidence.metrics.get("calibration_error"))
    limit = gate.max_calibration_error
    passed = figure is not None and figure <= limit
    relation = "at most" if passed else "above"
    reason = f"debiased calibration error {_figure(figure, relation, limit)}"
    champion = _champion_figure(evidence, "calibration_error")
    if figure is not None and champion is not None and limit < figure <= champion:
        reason = f"{reason}, as is the champion's {champion:.4f}"
        return GateCheck("calibration error", True, figure, champion, reason)
    return GateCheck("calibration error", passed, figure, limit, reason)


def _against_champion(gate: Gate, evidence: GateEvidence) -> Iterator[GateCheck]:
    """Compare the candidate with the champion."""
    champion, window = evidence.champion, evidence.window
    if champion is None:
        reason = "there is no champion yet: absolute limits alone decide"
        yield GateCheck("no champion", True, None, None, reason)
        return
    yield _separate_windows("champion", champion.windows, window)
    yield _better(gate, champion, evidence)


def _better(gate: Gate, champion: ChampionComparison, evidence: GateEvidence) -> GateCheck:
    name, limit, improvement = "better than champion", gate.margin, champion.improvement
    if improvement is None or not _is_finite(improvement):
        reason = "the comparison with the champion is missing or not finite"
        return _may_wait(gate, evidence, GateCheck(name, False, None, limit, reason))
    low, high = improvement.low, improvement.high
    reason = _describe_gain(champion, evidence)
    if low > limit:
        return GateCheck(name, True, low, limit, reason)
    reason += f", but the lower bound must be above {limit:g}"
    if high <= limit:
        return GateCheck(name, False, low, limit, f"{reason}, and even the upper one is not")
    look = f"look {champion.look} of {gate.looks}"
    return GateCheck(name, False, low, limit, f"{reason} ({look})", champion.look < gate.looks)


def _describe_gain(champion: ChampionComparison, evidence: GateEvidence) -> str:
    """Describe the gain over the champion, with its interval and what that is counted by."""
    task_type, gain = evidence.task_type, _reduction(champion.improvement)
    loss = "squared error" if task_type == "regression" else "log loss"
    number = len(champion.comparison.gains.clusters) if champion.comparison else evidence.clusters
    text = f"{loss} lower than the champion's by {gain} over {_count(number)} {evidence.unit}"
    if champion.raw is None:
        return f"{text}, as predicted"
    return f"{text}, both recalibrated; {_reduction(champion.raw)} as predicted"


def _reduction(gain: Interval) -> str:
    return f"{gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"


def _separate_windows(model: str, windows: Windows, test: Sequence[str]) -> GateCheck:
    """Check that a model was neither fitted nor chosen on any of the test window."""
    windows = windows or {}
    unknown = [
        name for name in {*SEEN, *windows} if not period_ranges.comparable(windows.get(name), test)
    ]
    overlapping = [w for w in windows.values() if period_ranges.overlap(w, test)]
    passed = not unknown and not overlapping
    reason = f"the {model} has seen nothing of the test window"
    if unknown:
        reason = f"the {model}'s training windows cannot be compared with the test window"
    elif overlapping:
        first, window = period_ranges.describe(overlapping[0]), period_ranges.describe(test)
        reason = f"the {model} has seen {first}, but the test window is {window}"
    return GateCheck(f"unseen by {model}", passed, None, None, reason)


def _is_finite(interval: Any) -> bool:
    """Return whether a figure and both its bounds are finite numbers."""
    parts = (getattr(interval, name, None) for name in ("value", "low", "high"))
    return all(_finite(part) is not None for part in parts)


def _value(interval: Any) -> float | None:
    return _finite(getattr(interval, "value", None))


def _champion_figure(evidence: GateEvidence, name: str) -> float | None:
    """Return the champion's figure on the same rows, if there is a finite one."""
    return _finite(evidence.champion.metrics.get(name)) if evidence.champion else None


def _finite(figure: Any) -> float | None:
    """Return the figure if it is a finite number, else None."""
    try:
        return figure if isfinite(figure) else None
    except (TypeError, OverflowError):
        return None


def _figure(figure: float | None, relation: str, limit: float) -> str:
    if figure is None:
        return f"is not known, the limit is {limit:g}"
    return f"{figure:.4f} is {relation} {limit:g}"


def _count(count: float | None) -> str:
    return "an unknown number of" if count is None else f"{count:,.0f}"
