"""Courses through the same periods, compared in pairs."""

from collections.abc import Sequence

import numpy as np

from longhaul.backtest.policies import PolicyResult
from longhaul.evaluation.intervals import Interval

RESAMPLES = 1000


def compare(
    courses: Sequence[PolicyResult], confidence: float, seed: int
) -> dict[str, dict[str, tuple[Interval, Interval]]]:
    """The metrics of each course, and by how much they differ from the first one's.

    The days of each period are drawn with replacement, the same for all courses: rows of one day
    share their weather, so that rows drawn one by one would look surer than they are (a paired
    cluster bootstrap; Davison and Hinkley 1997, Bootstrap Methods, section 3.8). The AUC is the
    mean of the periods', since several models' scores have no common scale.

    Returns
    -------
    dict of str to dict of str to (Interval, Interval)
        By policy and metric: the figure itself, and its difference from the first course.
    """
    generator = np.random.default_rng(seed)
    times = [
        generator.multinomial(len(one.rows), np.full(len(one.rows), 1 / len(one.rows)), RESAMPLES)
        for one in courses[0].days
    ]
    whole = [np.ones((1, each.shape[1])) for each in times]
    first_found, first_drawn = _year(courses[0], whole), _year(courses[0], times)
    result: dict[str, dict[str, tuple[Interval, Interval]]] = {}
    for course in courses:
        found, drawn = _year(course, whole), _year(course, times)
        result[course.policy.name] = {
            name: (
                _interval(found[name], drawn[name], confidence),
                _interval(
                    found[name] - first_found[name], drawn[name] - first_drawn[name], confidence
                ),
            )
            for name in found
        }
    return result


def _year(course: PolicyResult, times: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """The metrics over all periods, weighted by rows; the AUC period by period."""
    parts = [one.figures(each) for one, each in zip(course.days, times, strict=True)]
    rows = [each @ one.rows for one, each in zip(course.days, times, strict=True)]
    return {name: np.average([part[name] for part in parts], 0, rows) for name in parts[0]}


def _interval(found: np.ndarray, drawn: np.ndarray, confidence: float) -> Interval:
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(float(found[0]), float(low), float(high))
