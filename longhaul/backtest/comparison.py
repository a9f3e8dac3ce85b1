"""Paired comparison of policies over the same periods."""

from collections.abc import Sequence

import numpy as np

from longhaul.backtest.policies import PolicyResult
from longhaul.evaluation.intervals import Interval

RESAMPLES = 1000


def compare(
    results: Sequence[PolicyResult], confidence: float, seed: int
) -> dict[str, dict[str, tuple[Interval, Interval]]]:
    """Compute the metrics of each policy, and their differences from the first policy.

    The days of each period are drawn with replacement, the same for all policies: rows of one day
    share their weather, so that intervals from rows drawn one by one would be too narrow (a paired
    cluster bootstrap; Davison and Hinkley 1997, Bootstrap Methods, section 3.8). The AUC is the
    mean of the periods', since several models' scores have no common scale.

    Returns
    -------
    dict of str to dict of str to (Interval, Interval)
        By policy and metric: the metric itself, and its difference from the first policy's.
    """
    generator = np.random.default_rng(seed)
    samples = [
        generator.multinomial(
            len(days.rows), np.full(len(days.rows), 1 / len(days.rows)), RESAMPLES
        )
        for days in results[0].days
    ]
    once = [np.ones((1, times.shape[1])) for times in samples]
    first, first_drawn = _metrics(results[0], once), _metrics(results[0], samples)
    compared: dict[str, dict[str, tuple[Interval, Interval]]] = {}
    for result in results:
        values, drawn = _metrics(result, once), _metrics(result, samples)
        compared[result.policy.name] = {
            name: (
                _interval(values[name], drawn[name], confidence),
                _interval(values[name] - first[name], drawn[name] - first_drawn[name], confidence),
            )
            for name in values
        }
    return compared


def _metrics(result: PolicyResult, samples: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Compute the metrics over all periods, weighted by rows; the AUC period by period."""
    pairs = list(zip(result.days, samples, strict=True))
    parts = [days.figures(times) for days, times in pairs]
    rows = [times @ days.rows for days, times in pairs]
    return {name: np.average([part[name] for part in parts], 0, rows) for name in parts[0]}


def _interval(values: np.ndarray, drawn: np.ndarray, confidence: float) -> Interval:
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(float(values[0]), float(low), float(high))
