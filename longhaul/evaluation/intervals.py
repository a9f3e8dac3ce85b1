"""How sure the figures of a window are: bootstrap intervals over its rows."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from longhaul.tasks import Task

RESAMPLES = 200
PAIRED_RESAMPLES = 2000  # of a mean, which is cheap

_BATCH = 25


@dataclass(frozen=True)
class Interval:
    """A figure, and the bounds that it lies between with the declared confidence.

    All three are NaN where the figure is not known; the bounds alone where too few rows carry it.
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
    """Percentile bootstrap intervals of every metric.

    Rows are drawn with replacement, as many as there are (Efron and Tibshirani 1993, An
    Introduction to the Bootstrap, chapter 13). Of the calibration error, resamples are moved by
    their median bias (chapter 14): rows that are drawn twice add an error of their own, and
    without it calibrated predictions would lie below their interval.

    Parameters
    ----------
    task : Task
    outcome, scores : ndarray
        Of n rows, see `longhaul.tasks.Task`.
    confidence : float
        Such as 0.95, half of the rest on either side.
    seed : int
    resamples : int

    Returns
    -------
    dict of str to Interval
        The keys are those of the task's `measure`. A resample that a metric is not known of makes
        its bounds NaN.
    """
    known = task.measure(outcome, scores)
    # sorted rows are sorted again in no time
    order = np.argsort(scores if scores.ndim == 1 else scores.max(axis=1), kind="stable")
    outcome, scores = outcome[order], scores[order]
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples if len(outcome) else 0):
        rows = _resample(len(outcome), generator)
        drawn.append(task.measure(outcome[rows], scores[rows]))
    found = {name: np.array([metrics[name] for metrics in drawn]) for name in known}
    if (name := "calibration_error") in found:
        found[name] = _without_bias(known[name], found[name])
    return {name: _interval(value, found[name], confidence) for name, value in known.items()}


def improvement(
    task: Task,
    outcome: np.ndarray,
    champion: np.ndarray,
    candidate: np.ndarray,
    confidence: float,
    seed: int,
    resamples: int = PAIRED_RESAMPLES,
) -> Interval:
    """By how much the candidate's loss is lower than the champion's, on the same rows.

    A paired percentile bootstrap of the mean difference by row: what makes a row hard for both
    models cancels out (Efron and Tibshirani 1993, chapter 16).

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
        better; NaN where there are no two rows.
    """
    gain = task.losses(outcome, champion) - task.losses(outcome, candidate)
    if len(gain) < 2:
        return Interval(np.nan, np.nan, np.nan)
    found = stats.bootstrap(
        (gain,),
        np.mean,
        n_resamples=resamples,
        batch=_BATCH,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(gain.mean()), float(found.low), float(found.high))


def _resample(count: int, generator: np.random.Generator) -> np.ndarray:
    """Rows drawn with replacement, in order."""
    times = np.bincount(generator.integers(count, size=count), minlength=count)
    return np.repeat(np.arange(count), times)


def _without_bias(value: float, drawn: np.ndarray) -> np.ndarray:
    """Resamples of an error, moved so that their median is the value; none is below zero."""
    return np.maximum(drawn + value - np.median(drawn), 0) if len(drawn) else drawn


def _interval(value: float, drawn: np.ndarray, confidence: float) -> Interval:
    if not len(drawn):
        return Interval(value, np.nan, np.nan)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(value, float(low), float(high))
