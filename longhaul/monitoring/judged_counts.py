"""Counts of a candidate's predictions on the rows it is judged on, by cluster and by day.

Monitoring compares later periods with them, in the same counts as it takes of a period.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from longhaul.data import periods
from longhaul.evaluation.intervals import Interval
from longhaul.evaluation.scored_rows import ScoredRows
from longhaul.model.package import Package
from longhaul.monitoring import murphy
from longhaul.monitoring import scored as counts_of
from longhaul.monitoring.batches import score_columns
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.performance import realized
from longhaul.monitoring.reference import Reference
from longhaul.monitoring.scored import Scored
from longhaul.problem import Problem

DECISION_METRICS = ("cost", "saving", *murphy.PARTS)


@dataclass(frozen=True)
class JudgedCounts:
    """Counts of the predictions by cluster, and by day; no days where no column orders the rows."""

    clusters: ClusterCounts[Scored]
    days: ClusterCounts[Scored] | None


def count(rows: ScoredRows, package: Package) -> JudgedCounts:
    """Count the predictions of the rows, in the unit and cells of the candidate's reference.

    Parameters
    ----------
    rows : ScoredRows
    package : Package
        The candidate.
    """
    columns = package.predictor.columns(rows.scores)
    scored = score_columns(columns, rows.outcome.astype(float), rows.problem.target)
    reference = Reference.from_dict(package.reference)
    losses = None
    if reference.loss_model is not None:
        matrix = package.predictor.encoder.transform(rows.frame)
        losses = reference.expected_losses(matrix, scored.probability)

    def summarize(places: np.ndarray) -> Scored:
        return counts_of.count(reference.valid, scored, places, losses)

    by: partial[ClusterCounts[Scored]] = partial(ClusterCounts.of, summarize=summarize)
    time = rows.problem.time
    days = periods.labels(rows.frame[time.column], "day").to_numpy(dtype=str) if time else None
    return JudgedCounts(by(rows.clusters), None if days is None else by(days))


def decision_metrics(counts: JudgedCounts, problem: Problem) -> dict[str, Interval]:
    """Compute cost, saving and the parts of the log loss with intervals; for two classes only.

    See `longhaul.monitoring.performance.realized`.
    """
    if problem.target.task_type != "binary":
        return {}
    figures = realized(counts.clusters, problem)
    return {name: figures[name] for name in DECISION_METRICS if name in figures}
