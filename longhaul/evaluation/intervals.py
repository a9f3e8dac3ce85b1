"""Bootstrap confidence intervals of metrics over the rows of a window."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from longhaul.tasks import Task

RESAMPLES = 200
PAIRED_RESAMPLES = 2000  # of a mean, which is cheap

_BATCH = 25


@dataclass(frozen=True)
class Interval:
    """A metric with its confidence bounds.

    All three are NaN where the metric is undefined; the bounds alone where there are too few rows.
    """

    value: float
    low: float
    high: float


def intervals(
    task: Task,
    outcome: np.ndarray,
    scores: np.ndarray,
    confidence: float,
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """Compute percentile bootstrap intervals of every metric.

    Rows are drawn with replacement, as many as there are (Efron and Tibshirani 1993, An
    Introduction to the Bootstrap, chapter 13). For the calibration error, resamples are shifted by
    their median bias (chapter 14): rows that are drawn twice add an error of their own, so
    calibrated predictions would otherwise lie below their interval.

    Parameters
    ----------
    task : Task
    outcome, scores : ndarray
        Of n rows, see `longhaul.tasks.Task`.
    confidence : float
        Such as 0.95, with half of the rest on either side.
    seed : int
    resamples : int

    Returns
    -------
    dict of str to Interval
        With the keys of the task's `measure`. A resample with an undefined metric makes its bounds
        NaN.
    """
    metrics = task.measure(outcome, scores)
    # metrics sort by score, which is fast on sorted rows
    order = np.argsort(scores if scores.ndim == 1 else scores.max(axis=1), kind="stable")
    outcome, scores = outcome[order], scores[order]
    generator = np.random.default_rng(seed)
    resampled = []
    for _ in range(resamples if len(outcome) else 0):
        rows = _resample(len(outcome), generator)
        resampled.append(task.measure(outcome[rows], scores[rows]))
    drawn = {name: np.array([measured[name] for measured in resampled]) for name in metrics}
    if (name := "calibration_error") in drawn:
        drawn[name] = _without_bias(metrics[name], drawn[name])
    return {name: _interval(value, drawn[name], confidence) for name, value in metrics.items()}


def improvement(
    task: Task,
    outcome: np.ndarray,
    champion: np.ndarray,
    candidate: np.ndarray,
    confidence: float,
    seed: int,
    resamples: int = PAIRED_RESAMPLES,
) -> Interval:
    """Estimate the candidate's reduction of the champion's loss on the same rows.

    A paired percentile bootstrap of the mean difference per row: difficulty that both models share
    cancels out (Efron and Tibshirani 1993, chapter 16).

    Parameters
    ----------
    task : Task
    outcome : ndarray, shape (n,)
    champion, candidate : ndarray
        Their scores of n rows.
    confidence : float
    seed : int
    resamples : int

    Returns
    -------
    Interval
        Of the log loss in nats, or of the mean squared error; above zero where the candidate is
        better; NaN with fewer than two rows.
    """
    gain = task.losses(outcome, champion) - task.losses(outcome, candidate)
    if len(gain) < 2:
        return Interval(np.nan, np.nan, np.nan)
    bounds = stats.bootstrap(
        (gain,),
        np.mean,
        n_resamples=resamples,
        batch=_BATCH,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(gain.mean()), float(bounds.low), float(bounds.high))


def _resample(count: int, generator: np.random.Generator) -> np.ndarray:
    """Draw rows with replacement, in ascending order."""
    times = np.bincount(generator.integers(count, size=count), minlength=count)
    return np.repeat(np.arange(count), times)


def _without_bias(value: float, drawn: np.ndarray) -> np.ndarray:
    """Shift resamples of an error so that their median is the value; none is below zero."""
    return np.maximum(drawn + value - np.median(drawn), 0) if len(drawn) else drawn


def _interval(value: float, drawn: np.ndarray, confidence: float) -> Interval:
    if not len(drawn):
        return Interval(value, np.nan, np.nan)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(value, float(low), float(high))
