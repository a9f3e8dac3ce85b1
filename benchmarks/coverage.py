"""Coverage of intervals, where the rows of a day share their fate.

``python -m benchmarks.coverage [trials]`` draws periods of 30 days of 900 rows, each day with a
level of its own, and prints how often three kinds of intervals hold what they promise: of expected
figures, what is realized; of realized figures, what they are in the population; of the concept
shift, that nothing changed. Beside each stands the same by rows, as it was done before: rows are
drawn and outcomes left to chance as if none depended on another.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from longhaul.evaluation.calibration import Calibration, log_odds
from longhaul.evaluation.intervals import Interval
from longhaul.monitoring import causes, performance
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.scores import NEGATIVE, POSITIVE, Scores, metrics
from longhaul.problem import Costs, Problem, Target, Time, Windows

TRIALS, DAYS, ROWS = 400, 30, 900
RESAMPLES = 200
THRESHOLD, CONFIDENCE, NORMAL = 0.25, 0.95, 1.959963984540054
METRICS = ("auc", "log_loss", "brier", "cost")
PROBLEM = Problem(
    "coverage",
    "none.csv",
    Target("outcome"),
    Windows(("1", "1"), ("2", "2"), ("3", "3"), ("4",)),
    time=Time("day"),
    costs=Costs(1, 3),
)
# Spread of the days' levels, square of the log-odds in the relation, mean log-odds of the period.
WORLDS = ((0.4, 0.0, -1.0), (0.0, 0.0, -1.0), (0.4, 0.0, -1.6), (0.4, 0.15, -1.6))

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def main() -> None:
    """Print a table for each world."""
    trials = int(sys.argv[1]) if sys.argv[1:] else TRIALS
    for level, bend, centre in WORLDS:
        print(f"\nlevels {level:g}, bend {bend:g}, log-odds of the period {centre:g}\n")
        print("| interval | by day | by row |\n| --- | --- | --- |")
        counted: Counter[tuple[str, str]] = Counter()
        for seed in range(trials):
            past = draw(seed, level, bend, -1.0)
            counted.update(hits(past, draw(trials + seed, level, bend, centre)))
        population = of_population(level, bend, centre)
        for seed in range(trials):
            counted.update(realized_hits(draw(seed, level, bend, centre), population))
        for name in dict.fromkeys(name for name, _ in counted):
            by_day, by_row = (counted[name, way] / trials for way in ("day", "row"))
            print(f"| {name} | {by_day:.1%} | {by_row:.1%} |", flush=True)


def draw(seed: int, level: float, bend: float, centre: float) -> Rows:
    """Draw outcomes, probabilities that overstate log-odds by a quarter, and days."""
    generator = np.random.default_rng(seed)
    day = np.repeat(np.arange(DAYS), ROWS)
    odds = generator.normal(centre, 1.2, len(day))
    levels = generator.normal(0, level, DAYS)[day]
    outcome = generator.uniform(size=len(day)) < expit(odds + bend * odds**2 + levels)
    return outcome, expit(1.25 * odds), day.astype(str)


def count(outcome: np.ndarray, probability: np.ndarray, day: np.ndarray) -> ClusterCounts[Any]:
    """Count rows by day."""
    decision = probability >= THRESHOLD
    return ClusterCounts.of(
        day, lambda rows: Scores.of(probability[rows], decision[rows], outcome[rows])
    )


def hits(past: Rows, period: Rows) -> Iterator[tuple[str, str]]:
    """Tell which intervals without outcomes hold what is realized, and which the lack of change."""
    clusters = count(*period)
    realized = _measure(clusters.total)
    calibration, by_row = Calibration.fit(*past), _line(*past[:2])
    before = count(*past).total
    changed = causes.decompose(before, clusters, calibration, CONFIDENCE)
    assert changed is not None
    ways = {
        "day": (
            performance.expected(clusters, calibration, ClusterCounts(), PROBLEM),
            changed.concept_shift,
        ),
        "row": (_expected_by_row(clusters.total, by_row), _shift_by_row(clusters.total, by_row)),
    }
    for way, (expected, shift) in ways.items():
        for name in METRICS:
            if expected[name].low <= realized[name] <= expected[name].high:
                yield f"expected {name}", way
        if shift.low <= 0 <= shift.high:
            yield "concept shift", way


def realized_hits(period: Rows, population: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Tell which intervals of realized figures hold those of the population."""
    clusters = count(*period)
    ways = {
        "day": performance.realized(clusters, PROBLEM),
        "row": _realized_by_row(clusters.total),
    }
    for way, figures in ways.items():
        for name in METRICS:
            if figures[name].low <= population[name] <= figures[name].high:
                yield f"realized {name}", way


def of_population(level: float, bend: float, centre: float) -> dict[str, float]:
    """Compute the figures of all days there could be."""
    odds = np.random.default_rng(0).normal(centre, 1.2, 1_000_000)
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    chance = np.zeros(len(odds))
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        chance += weight * expit(odds + bend * odds**2 + level * node)
    probability = expit(1.25 * odds)
    scores = Scores.of(probability, probability >= THRESHOLD)
    cells = scores.cells()
    place = np.searchsorted(_borders(cells.probability, cells.decision), probability)
    positive = np.bincount(place, chance, len(cells.probability))
    values = metrics(cells, cells.rows - positive, positive, PROBLEM.costs)
    return {name: float(values[name]) for name in METRICS}


def _borders(probability: np.ndarray, decision: np.ndarray) -> np.ndarray:
    """Return the borders of cells: between neighbours, and at the threshold."""
    middle = (probability[1:] + probability[:-1]) / 2
    middle[np.flatnonzero(decision[1:] != decision[:-1])] = np.nextafter(THRESHOLD, 0)
    return middle


def _measure(scores: Scores) -> dict[str, float]:
    cells = scores.cells()
    counts = cells.counts
    values = metrics(cells, counts[:, NEGATIVE], counts[:, POSITIVE], PROBLEM.costs)
    return {name: float(values[name]) for name in METRICS}


def _line(outcome: np.ndarray, probability: np.ndarray) -> Calibration:
    """Fit a straight line to independent rows, as it was done before."""
    odds = log_odds(probability)
    fitted = LogisticRegression(C=1e6).fit(odds[:, np.newaxis], outcome)
    intercept, slope = float(fitted.intercept_[0]), float(fitted.coef_[0, 0])
    chance = expit(intercept + slope * odds)
    design = np.column_stack([np.ones(len(odds)), odds])
    information = design.T @ (design * (chance * (1 - chance))[:, np.newaxis])
    covariance = np.linalg.pinv(information, hermitian=True)
    return Calibration(intercept, slope, tuple(map(tuple, covariance.tolist())))


def _expected_by_row(scores: Scores, line: Calibration) -> Figures:
    """Resample rows, outcomes and the calibration, as if rows were independent."""
    generator, cells = np.random.default_rng(0), scores.cells()
    mean = [line.intercept, line.slope]
    drawn = generator.multivariate_normal(mean, line.covariance, RESAMPLES)
    rows = generator.multinomial(scores.rows, cells.rows / scores.rows, RESAMPLES)
    chances = expit(
        drawn @ np.stack([np.ones(len(cells.probability)), log_odds(cells.probability)])
    )
    positive = generator.binomial(rows, chances)
    return _quantiles(metrics(cells, rows - positive, positive, PROBLEM.costs))


def _realized_by_row(scores: Scores) -> Figures:
    """Resample rows with their outcomes, as if they were independent."""
    cells, generator = scores.cells(), np.random.default_rng(0)
    counts = cells.counts[:, : POSITIVE + 1].reshape(-1)
    drawn = generator.multinomial(counts.sum(), counts / counts.sum(), RESAMPLES)
    negative, positive = np.moveaxis(drawn.reshape(RESAMPLES, -1, 2), -1, 0)
    return _quantiles(metrics(cells, negative, positive, PROBLEM.costs))


def _shift_by_row(scores: Scores, line: Calibration) -> Interval:
    """Return the concept shift as if rows were independent, and the line were the truth."""
    cells = scores.cells()
    chance, odds = line.apply(cells.probability), log_odds(cells.probability)
    value = -(odds * (cells.counts[:, POSITIVE] - chance * cells.rows)).sum() / scores.rows
    error = np.sqrt((cells.rows * chance * (1 - chance) * odds**2).sum()) / scores.rows
    return Interval(value, value - NORMAL * error, value + NORMAL * error)


def _quantiles(resampled: Mapping[str, np.ndarray]) -> Figures:
    tail = (1 - CONFIDENCE) / 2
    return {
        name: Interval(float("nan"), *map(float, np.quantile(resampled[name], [tail, 1 - tail])))
        for name in METRICS
    }


if __name__ == "__main__":
    main()
