"""Performance of predictions: realized, or estimated without labels."""

from collections.abc import Mapping
from functools import partial, reduce
from operator import add

import numpy as np

from longhaul.evaluation.calibration import Calibration
from longhaul.evaluation.calibration_error import BINS, Gaps
from longhaul.evaluation.intervals import Interval, debiased_interval, jackknife, of_counts
from longhaul.monitoring import murphy, uncertainty
from longhaul.monitoring.class_statistics import LOSSES, ClassStatistics, balanced_accuracy
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.loss_estimate import LossEstimate
from longhaul.monitoring.loss_sums import LossSums
from longhaul.monitoring.regression_statistics import RegressionStatistics, outcome_moments
from longhaul.monitoring.scored import Scored, scores_of
from longhaul.monitoring.scores import NEGATIVE, POSITIVE, Cells, Scores, metrics, sensitivities
from longhaul.problem import Costs, Problem
from longhaul.task_type import TaskType
from longhaul.tasks.metrics import calibration_bins

ASSUMPTION = (
    "as long as outcomes still follow the predictions as they last did: a concept shift, a changed"
    " relation to the outcome, does not show in it, but for the variation between clusters"
)

Figures = dict[str, Interval]


# The metrics that follow from the probabilities of the positive class, or of the class decided for.
_ESTIMATED: Mapping[TaskType, tuple[str, ...]] = {
    "binary": ("auc", "average_precision", "log_loss", "brier", "cost"),
    "multiclass": ("accuracy",),
}


def realized(clusters: ClusterCounts[Scored], problem: Problem) -> Figures:
    """Compute the metrics of predictions with known outcomes, with intervals over clusters.

    See `longhaul.evaluation.intervals`.

    Parameters
    ----------
    clusters : ClusterCounts of Scores, ClassStatistics or RegressionStatistics
    problem : Problem

    Returns
    -------
    dict of str to Interval
        Of two classes: auc, average_precision, log_loss, brier, calibration_error (without the
        bias of small samples), cost, saving (the share of the cost of the best constant rule that
        decisions save), and the parts of `longhaul.monitoring.murphy`. Of several: accuracy,
        balanced_accuracy, log_loss, brier and calibration_error; of references made before only
        accuracy and calibration_error. Of numbers: see
        `longhaul.monitoring.regression_statistics.RegressionStatistics.measure`. Empty where no
        outcome is known.
    """
    confidence, parts = problem.gate.confidence, list(clusters.labelled.values())
    if not parts:
        return {}
    if isinstance(parts[0], RegressionStatistics):
        return _of_numbers(
            [part for part in parts if isinstance(part, RegressionStatistics)], confidence
        )
    if isinstance(parts[0], ClassStatistics):
        return _of_classes(
            [part for part in parts if isinstance(part, ClassStatistics)], confidence
        )
    scores = [part for part in parts if isinstance(part, Scores)]
    cells, counts = _stack(scores)
    if problem.target.task_type == "binary":
        statistic = partial(_binary, cells, costs=problem.costs)
    else:
        statistic = partial(_decided, cells)
    figures = of_counts(statistic, counts, confidence)
    error = debiased_interval(_gaps(cells, counts), confidence)
    return {**figures, "calibration_error": error}


def _of_classes(parts: list[ClassStatistics], confidence: float) -> Figures:
    """Compute the metrics of predictions of several classes."""
    cells, counts = _stack([part.decided for part in parts])
    outcomes = np.stack([part.outcomes for part in parts])
    lost = np.stack([[part.labelled, *part.losses.realized] for part in parts])
    return {
        **of_counts(partial(_decided, cells), counts, confidence),
        **of_counts(_balanced, outcomes, confidence),
        **of_counts(_mean_losses, lost, confidence),
        "calibration_error": debiased_interval(_gaps(cells, counts), confidence),
    }


def _balanced(outcomes: np.ndarray) -> dict[str, np.ndarray]:
    return {"balanced_accuracy": balanced_accuracy(outcomes)}


def _mean_losses(lost: np.ndarray) -> dict[str, np.ndarray]:
    """Compute mean losses from rows and sums of losses of shape (r, 1 + q)."""
    return dict(zip(LOSSES, (lost[:, 1:] / lost[:, :1]).T, strict=True))


def _of_numbers(parts: list[RegressionStatistics], confidence: float) -> Figures:
    """Compute the metrics of predicted numbers."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    values = total.measure()
    without = [(total - part).measure() for part in parts]
    return {
        name: jackknife(name, value, np.array([w[name] for w in without]), confidence)
        for name, value in values.items()
    }


def _stack_rows(parts: list[Scores]) -> tuple[Cells, np.ndarray]:
    """Return the filled cells of all rows, and the rows of each cluster in them: (clusters, k)."""
    total = reduce(add, parts)
    cell, decision = np.nonzero(total.counts.sum(axis=2))
    return total.cells(), np.stack([part.counts[cell, decision].sum(axis=1) for part in parts])


def _stack(parts: list[Scores]) -> tuple[Cells, np.ndarray]:
    """Return the filled cells of labelled rows, and the counts of each cluster in them.

    Returns
    -------
    Cells
        Of k cells.
    ndarray of int, shape (clusters, k, 2)
        Negative and positive rows.
    """
    counts = sum(part.counts for part in parts)
    sums = sum(part.sums for part in parts)
    cell, decision = np.nonzero(np.asarray(counts)[:, :, : POSITIVE + 1].sum(axis=2))
    filled = np.asarray(counts)[cell, decision]
    cells = Cells(
        np.asarray(sums)[cell, decision] / filled.sum(axis=1), decision.astype(bool), filled
    )
    stacked = np.stack([part.counts[cell, decision, : POSITIVE + 1] for part in parts])
    return cells, stacked


def _binary(cells: Cells, counts: np.ndarray, costs: Costs) -> dict[str, np.ndarray]:
    """Compute metrics of two classes from counts of shape (r, k, 2)."""
    negative, positive = counts[..., NEGATIVE], counts[..., POSITIVE]
    values = metrics(cells, negative, positive, costs)
    rows = counts.sum(axis=(1, 2))
    constant = np.minimum(
        costs.false_positive * negative.sum(-1), costs.false_negative * positive.sum(-1)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        values["saving"] = 1 - values["cost"] * rows / constant
    names = ("auc", "average_precision", "log_loss", "brier", "cost", "saving")
    parts = murphy.decompose(cells.probability, negative, positive)
    return {**{name: values[name] for name in names}, **parts}


def _decided(cells: Cells, counts: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the accuracy of decisions among several classes."""
    right = counts[..., POSITIVE].sum(-1)
    return {"accuracy": right / counts.sum(axis=(1, 2))}


def _gaps(cells: Cells, counts: np.ndarray) -> Gaps:
    """Sum up distances of predicted from observed positives over bins of about equal mass."""
    rows = counts.sum(axis=2)
    totals = rows.sum(axis=0)
    before = np.cumsum(totals) - totals
    bins = min(BINS, calibration_bins(int(totals.sum())))
    group = np.floor(bins * before / max(float(totals.sum()), 1.0)).astype(int)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    gap = cells.probability * rows - counts[..., POSITIVE]
    return Gaps(
        np.add.reduceat(gap, starts, axis=1), np.add.reduceat(rows, starts, axis=1).astype(float)
    )


def expected(
    clusters: ClusterCounts[Scored],
    calibration: Calibration,
    judged: ClusterCounts[Scored],
    problem: Problem,
) -> Figures:
    """Estimate the metrics of predictions with unknown outcomes.

    Of classes, by confidence-based performance estimation (Guerrero-Curieses, Alaiz-Rodríguez and
    Cid-Sueiro 2004, Cross-entropy and the expected confusion matrix; the name is NannyML's): a row
    with the calibrated probability c counts as c positive and 1 - c negative rows, and a metric is
    that of the expected counts. The losses of several classes, and of numbers, are estimated by
    `longhaul.monitoring.loss_estimate`. Intervals are to hold the metrics that these rows turn out
    to have, see `longhaul.monitoring.uncertainty`. `ASSUMPTION` states what is assumed.

    Parameters
    ----------
    clusters : ClusterCounts of Scores, ClassStatistics or RegressionStatistics
        Known outcomes are ignored.
    calibration : Calibration
        Of the probability of the positive class, or of the class decided for.
    judged : ClusterCounts of the same
        With known outcomes, from which expected losses are stretched.
    problem : Problem

    Returns
    -------
    dict of str to Interval
        See `longhaul.monitoring.scores.metrics`; of several classes, accuracy, log_loss and brier;
        of numbers, rmse, mae and r2. Bounds are NaN where too few clusters were judged. Empty where
        nothing can be estimated.
    """
    parts, confidence = list(clusters.parts.values()), problem.gate.confidence
    scores = [counts for part in parts if (counts := scores_of(part)) is not None]
    figures = _by_probability(scores, calibration, problem) if scores else {}
    losses = LossEstimate.of(_losses(clusters), _losses(judged))
    if losses is None:
        return figures
    if problem.target.task_type == "regression":
        return _of_errors(losses, judged.total, confidence)
    for place, name in enumerate(LOSSES):
        slopes = np.eye(len(LOSSES))[place]
        figures[name] = losses.interval(name, float(losses.values[place]), slopes, confidence)
    return figures


def _losses(clusters: ClusterCounts[Scored]) -> list[LossSums]:
    """Return the sums of losses of each cluster, where they are kept."""
    return [part.losses for part in clusters.parts.values() if not isinstance(part, Scores)]


def _by_probability(parts: list[Scores], calibration: Calibration, problem: Problem) -> Figures:
    """Estimate metrics from counts by probability."""
    if not sum(part.rows for part in parts):
        return {}
    cells, rows = _stack_rows(parts)
    positive, negative = _split(cells, calibration)
    values = metrics(cells, negative, positive, problem.costs)
    slopes = sensitivities(cells, negative, positive, problem.costs)
    names = _ESTIMATED[problem.target.task_type]
    weights = np.stack([slopes[name] for name in names])
    margins = uncertainty.of_sums(calibration, cells.probability, rows, weights).margins(
        problem.gate.confidence
    )
    if not calibration.is_reliable:
        margins = np.full(len(names), np.nan)
    return {
        name: uncertainty.bounded(name, float(values[name]), margin)
        for name, margin in zip(names, margins.tolist(), strict=True)
    }


def _of_errors(losses: LossEstimate, judged: Scored, confidence: float) -> Figures:
    """Convert estimated errors and distances of outcomes to metrics of numbers."""
    assert isinstance(judged, RegressionStatistics)  # losses of numbers are kept there
    squared, absolute, below, above = losses.values.tolist()
    mean, variance = outcome_moments(below, above)
    variance = variance if variance > 0 else np.nan
    root, scale = max(float(np.sqrt(squared)), np.finfo(float).tiny), judged.scale
    by_distance = squared / variance * np.array([(1 - mean) / 2, (1 + mean) / 2])
    metrics_and_slopes = {
        "rmse": (root * scale, np.array([scale / (2 * root), 0, 0, 0])),
        "mae": (absolute * scale, np.array([0, scale, 0, 0])),
        "r2": (1 - squared / variance, np.array([-1, 0, *by_distance]) / variance),
    }
    return {
        name: losses.interval(name, value, slopes, confidence)
        for name, (value, slopes) in metrics_and_slopes.items()
    }


def estimate_errors(
    estimate: Mapping[str, Interval], realized: Mapping[str, Interval]
) -> dict[str, float]:
    """Subtract the realized from the estimated metrics; only where both are known."""
    both = [name for name in estimate if name in realized]
    differences = {name: estimate[name].value - realized[name].value for name in both}
    return {name: error for name, error in differences.items() if np.isfinite(error)}


def _split(cells: Cells, calibration: Calibration) -> tuple[np.ndarray, np.ndarray]:
    """Return the positive and negative rows to be expected in each cell."""
    chance = calibration.apply(cells.probability)
    return cells.rows * chance, cells.rows * (1 - chance)
