"""Everything that monitoring has to say about one period."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from longhaul import tasks
from longhaul.monitoring import causes as causes_of
from longhaul.monitoring import decision as decisions
from longhaul.monitoring import drift as drifts
from longhaul.monitoring import performance
from longhaul.monitoring.bins import Histogram
from longhaul.monitoring.causes import Causes, SliceShare
from longhaul.monitoring.decision import Decision
from longhaul.monitoring.drift import ColumnDrift, Drift
from longhaul.monitoring.observation import Observation
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.reference import Scored, Reference
from longhaul.monitoring.rules import PeriodEvidence, RealizedMetrics, is_degraded
from longhaul.monitoring.scores import Scores
from longhaul.problem import Problem, TaskType

PICTURED_COLUMNS = 6  # columns whose distribution is kept for a picture
MAX_SLICES = 10


@dataclass(frozen=True)
class RealizedPerformance:
    """A period whose outcomes are due: what its predictions were worth, and why.

    Attributes
    ----------
    realized : Realized
    expected : dict of str to Interval
        What was expected of it without outcomes, by the same model.
    errors : dict of str to float
        By how much each estimate was above what was realized.
    fell : bool or None
        Whether performance fell; None where it is not known.
    causes : Causes or None
    shares : tuple of Share
        The slices that carry most of the relation's part.
    """

    realized: RealizedMetrics
    expected: Figures
    errors: dict[str, float]
    fell: bool | None
    causes: Causes | None
    shares: tuple[SliceShare, ...]


@dataclass(frozen=True)
class Assessment:
    """A period, as far as it is known.

    Attributes
    ----------
    period : str
    rows : int
    drift : Drift or None
        None where there are no rows.
    expected : dict of str to Interval
    truths : tuple of Truth
        Of all periods whose outcomes became due, the newest last.
    decision : Decision
    pictures : tuple of dict
        Shares by bin, before and now, of the columns that matter most.
    task_type : {"binary", "multiclass", "regression"}
        What is predicted.
    """

    period: str
    rows: int
    drift: Drift | None
    expected: Figures
    truths: tuple[RealizedPerformance, ...]
    decision: Decision
    pictures: tuple[dict[str, Any], ...]
    task_type: TaskType = "binary"


def truth(
    period: str,
    observation: Observation | None,
    reference: Reference,
    problem: Problem,
    baseline: float | None,
    seed: int = 0,
) -> RealizedPerformance:
    """What became of a period's predictions.

    Parameters
    ----------
    period : str
    observation : Observation or None
        With outcomes, as far as they are known.
    reference : Reference
        Of the model that predicted.
    problem : Problem
    baseline : float or None
        The leading figure on the window that this model was judged on.
    seed : int
        Of the resampling.
    """
    if observation is None:
        return RealizedPerformance(RealizedMetrics(period, 0, 0, 0, {}), {}, {}, None, None, ())
    scores = observation.scores
    figures = performance.realized(scores, problem, seed)
    known = RealizedMetrics(period, scores.rows, scores.labelled, scores.positives, figures)
    expected = performance.expected(scores, reference.calibration, problem, seed)
    two = problem.target.task_type == "binary"  # of others, the loss is not kept
    slices = {
        key: one for key, one in observation.slices.items() if two and isinstance(one, Scores)
    }
    shares = causes_of.slice_shares(slices, reference.calibration, scores.labelled)
    return RealizedPerformance(
        known,
        expected,
        performance.estimate_errors(expected, figures),
        is_degraded(problem, known, baseline),
        _causes(reference, scores) if two else None,
        tuple(shares[:MAX_SLICES]),
    )


def _causes(reference: Reference, scores: Scored) -> Causes | None:
    """Why the loss is another one; known of classes only."""
    if not isinstance(reference.valid, Scores) or not isinstance(scores, Scores):
        return None
    return causes_of.decompose(reference.valid, scores, reference.calibration)


def assess(
    period: str,
    observation: Observation | None,
    reference: Reference,
    problem: Problem,
    baseline: float | None,
    truths: Sequence[RealizedPerformance] = (),
    earlier: Sequence[bool] = (),
    seed: int = 0,
) -> Assessment:
    """Judge a period.

    Parameters
    ----------
    period : str
    observation : Observation or None
        None where there are no rows.
    reference : Reference
        Of the model that predicted.
    problem : Problem
    baseline : float or None
        The leading figure on the window that this model was judged on.
    truths : sequence of Truth
        Of periods whose outcomes are due now, oldest first.
    earlier : sequence of bool
        Whether the same model's performance fell in the periods before those, oldest first.
    seed : int
        Of the resampling.
    """
    drift, expected = None, {}
    if observation is not None:
        rate = problem.monitoring.false_discovery
        drift = drifts.compare(reference, observation.counts, observation.score_histogram, rate)
        expected = performance.expected(observation.scores, reference.calibration, problem, seed)
    usual = performance.expected(reference.valid, reference.calibration, problem, seed)
    history = [*earlier, *(one.degraded for one in truths[:-1] if one.degraded is not None)]
    evidence = PeriodEvidence(
        rows=observation.rows if observation else 0,
        columns=observation.columns if observation else {},
        new=observation.new if observation else (),
        drift=drift,
        expected=expected,
        usual=usual[tasks.task_for(problem.target.task_type).primary_metric].value if usual else None,
        baseline=baseline,
        realized=truths[-1].realized if truths else None,
        earlier=history,
    )
    return Assessment(
        period,
        evidence.rows,
        drift,
        expected,
        tuple(truths),
        decisions.decide(problem, evidence),
        tuple(_pictures(reference, observation, drift)),
        problem.target.task_type,
    )


def _pictures(
    reference: Reference, observation: Observation | None, drift: Drift | None
) -> list[dict[str, Any]]:
    """The columns that drifted, else those that matter most, and the predictions."""
    if observation is None or drift is None:
        return []
    bins = {one.name: one for one in reference.bins}
    found = []
    for column in drift.columns[:PICTURED_COLUMNS]:
        one = bins[column.name]
        before, now = reference.pooled(one.name), observation.counts.histograms[one.name]
        labels: list[Any] = [*one.levels, *one.edges]
        found.append(_picture(column, before, now, labels, (one.low, one.high)))
    said = reference.scores
    labels = [*said.levels, *said.edges]
    span = (said.low, said.high)
    found.append(_picture(drift.scores, reference.score_histogram, observation.score_histogram, labels, span))
    return found


def _picture(
    column: ColumnDrift,
    before: Histogram,
    now: Histogram,
    labels: Sequence[Any],
    span: tuple[float | None, float | None],
) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.kind,
        "drifted": column.drifted,
        "cause": column.cause.name,
        "distance": column.cause.value,
        "labels": list(labels),
        "span": list(span),
        "before": (before.counts / max(before.rows, 1)).tolist(),
        "now": (now.counts / max(now.rows, 1)).tolist(),
        "missing": [before.missing / max(before.rows, 1), now.missing / max(now.rows, 1)],
    }
