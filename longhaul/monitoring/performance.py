"""Performance of predictions: realized, or estimated without labels."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from longhaul.evaluation.calibration import Calibration
from longhaul.evaluation.calibration_error import BINS, Gaps
from longhaul.evaluation.intervals import Interval, debiased_interval, jackknife, of_counts
from longhaul.monitoring import murphy
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.reference import Scored
from longhaul.monitoring.regression_statistics import RegressionStatistics
from longhaul.monitoring.scores import NEGATIVE, POSITIVE, Cells, Scores, metrics
from longhaul.problem import Costs, Problem
from longhaul.tasks.metrics import calibration_bins

RESAMPLES = 200
ASSUMPTION = (
    "as long as outcomes still follow the calibrated probabilities as they did on validation:"
    " a concept shift, a changed relation to the outcome, does not show in it"
)

Figures = dict[str, Interval]


# The metrics that are reported; of several classes, only the correctness of decisions is counted.
_REPORTED = {
    "binary": ("auc", "average_precision", "log_loss", "brier", "calibration_error", "cost"),
    "multiclass": ("accuracy", "calibration_error"),
}


def realized(clusters: ClusterCounts[Scored], problem: Problem) -> Figures:
    """Compute the metrics of predictions with known outcomes, with intervals over clusters.

    See `longhaul.evaluation.intervals`.

    Parameters
    ----------
    clusters : ClusterCounts of Scores or RegressionStatistics
    problem : Problem

    Returns
    -------
    dict of str to Interval
        Of two classes: auc, average_precision, log_loss, brier, calibration_error (without the
        bias of small samples), cost, saving (the share of the cost of the best constant rule that
        decisions save), and the parts of `longhaul.monitoring.murphy`. Of several: accuracy and
        calibration_error. Of numbers: see
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
    scores = [part for part in parts if isinstance(part, Scores)]
    cells, counts = _stack(scores)
    if problem.target.task_type == "binary":
        statistic = partial(_binary, cells, costs=problem.costs)
    else:
        statistic = partial(_decided, cells)
    figures = of_counts(statistic, counts, confidence)
    error = debiased_interval(_gaps(cells, counts), confidence)
    return {**figures, "calibration_error": error}


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


def expected(scores: Scored, calibration: Calibration, problem: Problem, seed: int) -> Figures:
    """Estimate the metrics of predictions with unknown outcomes.

    Confidence-based performance estimation (Guerrero-Curieses, Alaiz-Rodríguez and Cid-Sueiro
    2004, Cross-entropy and the expected confusion matrix; the name is NannyML's): a row with the
    calibrated probability c counts as c positive and 1 - c negative rows, and a metric is that of
    the expected counts. Its interval holds the rows drawn, the outcomes that are left to chance,
    and the uncertainty of the calibration, each resampled. `ASSUMPTION` states what it assumes.
    Predicted numbers carry no probability: nothing can be estimated for them.

    Parameters
    ----------
    scores : Scores or RegressionStatistics
        Known outcomes are ignored.
    calibration : Calibration
    problem : Problem
    seed : int

    Returns
    -------
    dict of str to Interval
        See `longhaul.monitoring.scores.metrics`. Empty where there are no predictions, or they
        are numbers.
    """
    if isinstance(scores, RegressionStatistics):
        return {}
    costs, confidence = problem.costs, problem.gate.confidence
    cells = scores.cells()
    count = int(cells.rows.sum())
    if not count:
        return {}
    positive, negative = _split(cells, calibration)
    values = metrics(cells, negative, positive, costs)
    generator = np.random.default_rng(seed)
    rows = generator.multinomial(count, cells.rows / count, size=RESAMPLES)
    chances = np.array(
        [drawn.apply(cells.probability) for drawn in calibration.draws(RESAMPLES, generator)]
    )
    positives = generator.binomial(rows, chances)
    resampled = metrics(cells, rows - positives, positives, costs)
    del values["calibration_error"], resampled["calibration_error"]  # assumed, not estimated
    return _intervals(_reported(values, problem), resampled, confidence)


def estimate_errors(
    estimate: Mapping[str, Interval], realized: Mapping[str, Interval]
) -> dict[str, float]:
    """Subtract the realized from the estimated metrics; only where both are known."""
    both = [name for name in estimate if name in realized]
    differences = {name: estimate[name].value - realized[name].value for name in both}
    return {name: error for name, error in differences.items() if np.isfinite(error)}


def _reported(values: Mapping[str, np.ndarray], problem: Problem) -> dict[str, np.ndarray]:
    names = _REPORTED[problem.target.task_type]
    return {name: values[name] for name in names if name in values}


def _split(cells: Cells, calibration: Calibration) -> tuple[np.ndarray, np.ndarray]:
    """Return the positive and negative rows to be expected in each cell."""
    chance = calibration.apply(cells.probability)
    return cells.rows * chance, cells.rows * (1 - chance)


def _intervals(
    values: Mapping[str, np.ndarray], resampled: Mapping[str, np.ndarray], confidence: float
) -> Figures:
    tail = (1 - confidence) / 2
    bounds = {name: np.quantile(resampled[name], [tail, 1 - tail]) for name in values}
    return {
        name: Interval(float(value), float(bounds[name][0]), float(bounds[name][1]))
        for name, value in values.items()
    }
