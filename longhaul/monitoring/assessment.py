"""Assessment of one period: drift, estimated and realized performance, causes and decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from longhaul.data import clusters
from longhaul.data.breaches import PeriodBreach
from longhaul.monitoring import causes, drift, labelling, performance
from longhaul.monitoring.bins import Histogram
from longhaul.monitoring.causes import Causes, SliceShare
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.decision import Decision, decide
from longhaul.monitoring.drift import ColumnDrift, Drift
from longhaul.monitoring.estimation import Estimator, probabilities
from longhaul.monitoring.evidence import (
    NO_CORRECTION,
    CorrectionEvidence,
    PeriodEvidence,
    RealizedMetrics,
    ServiceLosses,
)
from longhaul.monitoring.observation import Observation
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.reference import Reference
from longhaul.monitoring.rules import diagnose, is_fault
from longhaul.monitoring.scored import Scored
from longhaul.monitoring.scores import Scores
from longhaul.problem import Problem
from longhaul.task_type import TaskType

PICTURED_COLUMNS = 6
MAX_SLICES = 10


@dataclass(frozen=True)
class RealizedPerformance:
    """Performance of a period with labels, compared with its estimate and explained.

    Attributes
    ----------
    realized : RealizedMetrics
    expected : dict of str to Interval
        Estimated without labels, for the same model.
    errors : dict of str to float
        Estimated minus realized, by metric.
    degraded : bool or None
        Whether it fell by a fault of the model; None where it is not known.
    causes : Causes or None
    shares : tuple of SliceShare
        The slices with the largest share in the concept shift.
    """

    realized: RealizedMetrics
    expected: Figures
    errors: dict[str, float]
    degraded: bool | None
    causes: Causes | None
    shares: tuple[SliceShare, ...]


@dataclass(frozen=True)
class Assessment:
    """Assessment of a period.

    Attributes
    ----------
    period : str
    rows : int
    drift : Drift or None
        None where there are no rows.
    expected : dict of str to Interval
        Empty where the newest estimate that outcomes could check was wrong.
    realized : tuple of RealizedPerformance
        Of all periods with labels newly due, the newest last.
    decision : Decision
    correction : CorrectionEvidence
    pictures : tuple of dict
        Shares by bin, in the reference and in the period, of the columns that matter most.
    task_type : {"binary", "multiclass", "regression"}
    """

    period: str
    rows: int
    drift: Drift | None
    expected: Figures
    realized: tuple[RealizedPerformance, ...]
    decision: Decision
    correction: CorrectionEvidence
    pictures: tuple[dict[str, Any], ...]
    task_type: TaskType = "binary"


class Monitor:
    """Monitor of one deployed model.

    Parameters
    ----------
    reference : Reference
        Of the model.
    problem : Problem
    baseline : mapping of str to Interval
        The figures of the window that the model was judged on.
    judged, recent : ClusterCounts, optional
        What estimates without outcomes are made from, see `longhaul.monitoring.estimation`.
    """

    def __init__(
        self,
        reference: Reference,
        problem: Problem,
        baseline: Figures,
        judged: ClusterCounts[Scored] | None = None,
        recent: ClusterCounts[Scored] | None = None,
    ):
        self._reference, self._problem, self._baseline = reference, problem, baseline
        self._estimator = Estimator(reference, problem, judged, recent)

    def realized(self, period: str, observation: Observation | None) -> RealizedPerformance:
        """Evaluate the predictions of a period against its labels.

        Parameters
        ----------
        period : str
        observation : Observation or None
            With labels, as far as they are known; None where there are no rows.
        """
        if observation is None:
            metrics = RealizedMetrics(period, 0, 0, 0, {})
            return RealizedPerformance(metrics, {}, {}, None, None, ())
        scores = observation.scores
        figures = performance.realized(observation.clusters, self._problem)
        metrics = RealizedMetrics(
            period,
            scores.rows,
            scores.labelled,
            scores.positives,
            figures,
            len(observation.clusters.labelled),
            clusters.describe_unit(self._problem),
            labelling.completeness(observation.clusters),
        )
        diagnosis = diagnose(self._problem, metrics, self._baseline)
        expected = self._estimator.estimate(observation.clusters)
        explained, shares = self._explain(observation)
        return RealizedPerformance(
            metrics,
            expected,
            performance.estimate_errors(expected, figures),
            None if diagnosis is None else is_fault(diagnosis),
            explained,
            tuple(shares[:MAX_SLICES]),
        )

    def assess(
        self,
        period: str,
        observation: Observation | None,
        realized: Sequence[RealizedPerformance] = (),
        earlier: Sequence[bool] = (),
        correction: CorrectionEvidence = NO_CORRECTION,
        breach: PeriodBreach | None = None,
        losses: ServiceLosses | None = None,
    ) -> Assessment:
        """Assess a period.

        Parameters
        ----------
        period : str
        observation : Observation or None
            None where there are no rows.
        realized : sequence of RealizedPerformance
            Of periods with labels newly due, oldest first.
        earlier : sequence of bool
            Whether the same model was degraded in the periods before those, oldest first.
        correction : CorrectionEvidence
        breach : PeriodBreach or None
            Of a period that broke the contract; there is no observation of it.
        losses : ServiceLosses or None
            Of the service that answered; None where no service did.
        """
        problem, reference, estimator = self._problem, self._reference, self._estimator
        moved, expected = None, {}
        if observation is not None:
            rate = problem.monitoring.false_discovery
            moved = drift.compare(
                reference, observation.counts, observation.score_histogram, rate, period
            )
            expected = {} if estimator.missed else estimator.estimate(observation.clusters)
        recent = [past.degraded for past in realized[:-1] if past.degraded is not None]
        evidence = PeriodEvidence(
            rows=observation.rows if observation else breach.rows if breach else 0,
            columns=observation.columns if observation else {},
            new=observation.new if observation else (),
            drift=moved,
            expected=expected,
            reference_estimate=estimator.of_window,
            missed=estimator.missed,
            baseline=self._baseline,
            correction=correction,
            realized=realized[-1].realized if realized else None,
            earlier=[*earlier, *recent],
            breach=breach.reason if breach else "",
            losses=losses,
        )
        return Assessment(
            period,
            evidence.rows,
            moved,
            expected,
            tuple(realized),
            decide(problem, evidence),
            correction,
            tuple(_pictures(reference, observation, moved)),
            problem.target.task_type,
        )

    def _explain(self, observation: Observation) -> tuple[Causes | None, list[SliceShare]]:
        """Decompose the change of the loss of two classes; of others, it is not kept by score."""
        window, relation = self._estimator.window, self._estimator.relation
        if self._problem.target.task_type != "binary" or not isinstance(window, Scores):
            return None, []
        confidence = self._problem.gate.confidence
        clusters = probabilities(observation.clusters)
        slices = {
            key: counts for key, counts in observation.slices.items() if isinstance(counts, Scores)
        }
        shares = causes.slice_shares(slices, clusters, relation, confidence)
        return causes.decompose(window, clusters, relation, confidence), shares


def _pictures(
    reference: Reference, observation: Observation | None, moved: Drift | None
) -> list[dict[str, Any]]:
    """Collect the histograms of the columns ranked first, and of the predictions."""
    if observation is None or moved is None:
        return []
    by_name = {bins.name: bins for bins in reference.bins}
    pictures = []
    for column in moved.columns[:PICTURED_COLUMNS]:
        bins = by_name[column.name]
        before, now = reference.pooled(bins.name), observation.counts.histograms[bins.name]
        labels: list[Any] = [*bins.levels, *bins.edges]
        pictures.append(_picture(column, before, now, labels, (bins.low, bins.high)))
    scores = reference.scores
    before, now = reference.score_histogram, observation.score_histogram
    labels = [*scores.levels, *scores.edges]
    pictures.append(_picture(moved.scores, before, now, labels, (scores.low, scores.high)))
    return pictures


def _picture(
    column: ColumnDrift,
    before: Histogram,
    now: Histogram,
    labels: Sequence[Any],
    span: tuple[float | None, float | None],
) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.column_type,
        "drifted": column.drifted,
        "cause": column.cause.name,
        "distance": column.cause.value,
        "labels": list(labels),
        "span": list(span),
        "before": (before.counts / max(before.rows, 1)).tolist(),
        "now": (now.counts / max(now.rows, 1)).tolist(),
        "missing": [before.missing / max(before.rows, 1), now.missing / max(now.rows, 1)],
    }
