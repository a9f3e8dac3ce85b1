"""Estimates of performance without outcomes, learned from rows that the model had not seen."""

from collections.abc import Iterable
from functools import cached_property

from longhaul.data.clusters import enough
from longhaul.evaluation.calibration import Calibration
from longhaul.monitoring import performance, recalibration
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.reference import Reference
from longhaul.monitoring.scored import Scored, scores_of
from longhaul.monitoring.scores import Scores
from longhaul.problem import Problem
from longhaul.tasks import task_for


def newest_checked(served: Iterable[str], period: str, due: str) -> str | None:
    """Return the newest due period before another one; None before any.

    Parameters
    ----------
    served : iterable of str
        The periods that the model has served.
    period : str
        That the estimate is for.
    due : str
        The newest period whose outcomes are due by then.
    """
    return max((label for label in served if label < period and label <= due), default=None)


def require_labelled(
    counts: ClusterCounts[Scored] | None, problem: Problem
) -> ClusterCounts[Scored] | None:
    """Return the counts of a period if enough of its rows have an outcome, else None."""
    if counts is None or not counts.parts:
        return None
    total = counts.total
    return counts if total.labelled >= problem.monitoring.min_labelled * total.rows else None


class Estimator:
    """Estimates of one deployed model's performance.

    Parameters
    ----------
    reference : Reference
        Of the model. It holds predictions on validation of a model that had not been fitted on it
        yet, which is another one.
    problem : Problem
    judged : ClusterCounts, optional
        Of the model's own predictions on the window that it was judged on; by default, those of the
        reference stand for them.
    recent : ClusterCounts, optional
        Of the newest earlier period with known outcomes. The evidence of both is combined: of six
        months of flights, that was closest to the realized log loss, Brier score and cost, and as
        close to the AUC as the newest month alone.
    """

    def __init__(
        self,
        reference: Reference,
        problem: Problem,
        judged: ClusterCounts[Scored] | None = None,
        recent: ClusterCounts[Scored] | None = None,
    ):
        self._reference, self._problem = reference, problem
        self._judged = judged if judged and enough(len(judged.labelled)) else None
        self._recent = recent if recent and enough(len(recent.labelled)) else None
        parts = [part for part in (self._judged, recent) if part and part.labelled]
        evidence: ClusterCounts[Scored] = sum(parts, ClusterCounts())
        self._evidence = evidence if enough(len(evidence.labelled)) else None

    @property
    def window(self) -> Scored:
        """Predictions that periods are compared with: of the judged window, or on validation."""
        return self._judged.total if self._judged else self._reference.valid

    @cached_property
    def relation(self) -> Calibration:
        """The relation of outcomes to predictions in that window."""
        return self._reference.calibration if self._judged is None else _calibrate(self._judged)

    @cached_property
    def _calibration(self) -> Calibration:
        """The relation by all evidence there is."""
        return self.relation if self._evidence is None else _calibrate(self._evidence)

    def estimate(self, clusters: ClusterCounts[Scored]) -> Figures:
        """Estimate the metrics of a period; see `longhaul.monitoring.performance.expected`."""
        evidence = self._evidence or ClusterCounts({"": self._reference.valid})
        return performance.expected(clusters, self._calibration, evidence, self._problem)

    @cached_property
    def of_window(self) -> float | None:
        """The primary metric as it is estimated for the window itself; None where it is not."""
        window = ClusterCounts({"": self.window})
        figures = performance.expected(window, self.relation, window, self._problem)
        primary = figures.get(task_for(self._problem.target.task_type).primary_metric)
        return None if primary is None else primary.value

    @cached_property
    def missed(self) -> bool:
        """Return whether the newest estimate that outcomes could check was wrong.

        It is that of the newest period from the judged window; before there is one, that of the
        judged window from validation. It missed if the primary metric that was realized lies
        outside the interval that was expected without outcomes. False where that cannot be told.
        """
        if self._judged is None:
            return False
        checked, evidence, relation = self._recent, self._judged, self.relation
        if checked is None:
            checked = self._judged
            evidence = ClusterCounts({"": self._reference.valid})
            relation = self._reference.calibration
        name = task_for(self._problem.target.task_type).primary_metric
        expected = performance.expected(checked, relation, evidence, self._problem)
        realized = performance.realized(checked, self._problem)
        if name not in expected or name not in realized:
            return False
        value, interval = realized[name].value, expected[name]
        return bool(value < interval.low or value > interval.high)


def _calibrate(clusters: ClusterCounts[Scored]) -> Calibration:
    """Fit a calibration to counts; of numbers, there is none."""
    return recalibration.fit(probabilities(clusters))


def probabilities(clusters: ClusterCounts[Scored]) -> ClusterCounts[Scores]:
    """Return the counts by probability; none of numbers."""
    counts = {name: scores_of(part) for name, part in clusters.parts.items()}
    return ClusterCounts({name: part for name, part in counts.items() if part is not None})
