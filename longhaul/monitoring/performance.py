"""Performance of predictions: realized, or estimated without labels."""

from collections.abc import Mapping

import numpy as np

from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.calibration import Calibration
from longhaul.monitoring.reference import Scored
from longhaul.monitoring.regression_statistics import RegressionStatistics
from longhaul.monitoring.scores import NEGATIVE, POSITIVE, Cells, metrics
from longhaul.problem import Problem

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


def realized(scores: Scored, problem: Problem, seed: int) -> Figures:
    """Compute the metrics of predictions with known outcomes.

    Percentile bootstrap intervals over the rows (Efron and Tibshirani 1993, chapter 13).

    Parameters
    ----------
    scores : Scores or RegressionStatistics
    problem : Problem
    seed : int

    Returns
    -------
    dict of str to Interval
        See `longhaul.monitoring.scores.metrics` and
        `longhaul.monitoring.regression_statistics.RegressionStatistics.figures`.
        Empty where no outcome is known.
    """
    costs, confidence = problem.costs, problem.gate.confidence
    if isinstance(scores, RegressionStatistics):
        return scores.figures(confidence)
    cells = scores.cells()
    labelled = cells.counts[:, : POSITIVE + 1]
    rows = int(labelled.sum())
    if not rows:
        return {}
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(rows, labelled.ravel() / rows, size=RESAMPLES)
    samples = drawn.reshape(RESAMPLES, *labelled.shape)
    values = metrics(cells, labelled[:, NEGATIVE], labelled[:, POSITIVE], costs)
    resampled = metrics(cells, samples[..., NEGATIVE], samples[..., POSITIVE], costs)
    error = "calibration_error"  # rows that are drawn twice add an error of their own
    bias = np.median(resampled[error]) - values[error]
    resampled[error] = np.maximum(resampled[error] - bias, 0)
    return _intervals(_reported(values, problem), resampled, confidence)


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
