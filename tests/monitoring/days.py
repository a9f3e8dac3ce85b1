"""Generated periods whose days have a level of their own."""

import numpy as np
from scipy.special import expit, softmax

from longhaul.monitoring.class_statistics import ClassStatistics
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.regression_statistics import RegressionStatistics
from longhaul.monitoring.scores import Scores

THRESHOLD = 0.25


def rows(
    seed: int,
    days: int = 30,
    count: int = 900,
    level: float = 0.4,
    centre: float = -1.0,
    bend: float = 0.0,
    shift: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes, probabilities that overstate log-odds by a quarter, and days.

    ``level`` is the spread of the days' log-odds, ``bend`` a square that the model does not know,
    and ``shift`` a change of all log-odds.
    """
    generator = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), count)
    odds = generator.normal(centre, 1.2, len(day))
    moved = odds + bend * odds**2 + shift + generator.normal(0, level, days)[day]
    outcome = generator.uniform(size=len(day)) < expit(moved)
    return outcome, expit(1.25 * odds), np.char.add("day ", day.astype(str))


def binary(outcome: np.ndarray, probability: np.ndarray, day: np.ndarray) -> ClusterCounts[Scores]:
    """Count rows by day; an outcome of 2 is unknown."""
    decision = probability >= THRESHOLD
    return ClusterCounts.of(
        day, lambda place: Scores.of(probability[place], decision[place], outcome[place])
    )


def classes(seed: int, level: float = 0.4) -> ClusterCounts[ClassStatistics]:
    """Count predictions of three classes, whose shares move from day to day."""
    generator = np.random.default_rng(seed)
    day = np.repeat(np.arange(30), 300)
    odds = generator.normal(0, 1.2, (len(day), 3))
    true = softmax(odds + generator.normal(0, level, (30, 3))[day], axis=1)
    drawn = generator.uniform(size=(len(day), 1))
    label = (drawn > np.cumsum(true, axis=1)).sum(axis=1).clip(0, 2).astype(float)
    said = softmax(1.25 * odds, axis=1)
    code = said.argmax(axis=1)
    names = np.char.add("day ", day.astype(str))
    return ClusterCounts.of(
        names, lambda place: ClassStatistics.of(said[place], code[place], label[place])
    )


def numbers(seed: int, level: float = 0.4) -> ClusterCounts[RegressionStatistics]:
    """Count predicted numbers, with errors that a second model expects, but a third too large."""
    generator = np.random.default_rng(seed)
    day = np.repeat(np.arange(30), 300)
    said = generator.normal(0, 1, len(day))
    spread = np.exp(0.3 * said)
    outcome = said + generator.normal(0, level, 30)[day] + spread * generator.normal(size=len(day))
    losses = np.stack([1.3 * spread**2, spread], axis=1)
    unit = RegressionStatistics(0.0, 1.0)
    names = np.char.add("day ", day.astype(str))
    return ClusterCounts.of(
        names, lambda place: unit.summarize(said[place], outcome[place], losses[place])
    )
