"""False alarms of the figures that judge a period, where nothing has changed, and their power.

Months are drawn day by day, with replacement, from the days of one population of flights, so that
rows depend on each other as they really do. In each half-year one month stands for the window that
the version was judged on and six follow: how often has a period fallen, and how often is a model
retrained for nothing? Then the same with predictions whose order is spoilt, or whose level is off.

Run it as ``python -m benchmarks.false_alarms``.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import numpy as np

from longhaul import problem_yaml
from longhaul.data import flights
from longhaul.data.labels import outcomes
from longhaul.data.periods import labels
from longhaul.model.correction import apply
from longhaul.monitoring import falls, performance
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.rules import is_fault
from longhaul.monitoring.scores import Scores
from longhaul.problem import Problem
from longhaul.training import candidate

PROBLEM = Path(__file__).resolve().parents[1] / "problems" / "flights.yaml"
FITTED, CHOSEN = ("2013-01", "2013-04"), ("2013-05", "2013-05")
POPULATIONS = {
    "June": ("2013-06", "2013-06"),
    "August": ("2013-08", "2013-08"),
    "December": ("2013-12", "2013-12"),
    "July to December": ("2013-07", "2013-12"),
}
DAYS, MONTHS = 30, 6

Spoil = Callable[[np.ndarray, np.random.Generator], np.ndarray]
SPOILT: Mapping[str, Spoil] = {
    "level off by .5": lambda p, _: apply(p, np.full(len(p), 0.5)),
    "a tenth of the scores shuffled": lambda p, draw: _shuffle(p, 0.1, draw),
    "a third of the scores shuffled": lambda p, draw: _shuffle(p, 1 / 3, draw),
}


def _shuffle(probability: np.ndarray, share: float, draw: np.random.Generator) -> np.ndarray:
    """Exchange the probabilities of a share of the rows among themselves."""
    spoilt = probability.copy()
    rows = np.flatnonzero(draw.uniform(size=len(spoilt)) < share)
    spoilt[rows] = spoilt[draw.permutation(rows)]
    return spoilt


class Population:
    """Days of predictions that months are drawn from.

    Parameters
    ----------
    problem : Problem
    day : ndarray of str, shape (n,)
    probability : ndarray of float, shape (n,)
    outcome : ndarray of bool, shape (n,)
    threshold : float
    """

    def __init__(
        self,
        problem: Problem,
        day: np.ndarray,
        probability: np.ndarray,
        outcome: np.ndarray,
        threshold: float,
    ):
        def count(rows: np.ndarray) -> Scores:
            chances = probability[rows]
            return Scores.of(chances, chances >= threshold, outcome[rows])

        self._problem = problem
        self._days = list(ClusterCounts.of(day, count).parts.values())

    def month(self, draw: np.random.Generator) -> Figures:
        """Draw the days of a month, and measure it."""
        chosen = draw.integers(len(self._days), size=DAYS)
        days = {str(place): self._days[day] for place, day in enumerate(chosen)}
        return performance.realized(ClusterCounts(days), self._problem)


def diagnose(problem: Problem, figures: Figures, judged: Figures) -> falls.Diagnosis:
    """Diagnose a month by the figures of the judged one."""
    return falls.diagnose(falls.compare(problem, figures, judged), figures, judged)


def alarms(problem: Problem, population: Population, halves: int) -> tuple[float, float]:
    """Return the share of periods that fell, and of half-years with a retraining."""
    draw = np.random.default_rng(0)
    fallen, retrained = 0, 0
    needed, among = problem.monitoring.persistence
    for _ in range(halves):
        judged = population.month(draw)
        diagnoses = [diagnose(problem, population.month(draw), judged) for _ in range(MONTHS)]
        faults = [is_fault(diagnosis) for diagnosis in diagnoses]
        fallen += sum(diagnosis != "intact" for diagnosis in diagnoses)
        retrained += any(
            faults[month] and sum(faults[max(0, month + 1 - among) : month + 1]) >= needed
            for month in range(MONTHS)
        )
    return fallen / halves / MONTHS, retrained / halves


def power(
    problem: Problem, population: Population, spoilt: Population, months: int
) -> Counter[str]:
    """Count the diagnoses of spoilt months against intact ones."""
    draw = np.random.default_rng(1)
    pairs = ((spoilt.month(draw), population.month(draw)) for _ in range(months))
    return Counter(diagnose(problem, now, judged) for now, judged in pairs)


@click.command(help=__doc__.partition("\n")[0])
@click.option("--halves", default=200, show_default=True, help="Half-years to draw.")
def main(halves: int) -> None:
    """Print both tables."""
    problem, frame = problem_yaml.load(PROBLEM), flights.read()
    month = labels(frame["scheduled_departure"], "month")
    train, valid = (frame[month.between(*window)] for window in (FITTED, CHOSEN))
    predictor = candidate.fit(problem, train, valid, "lightgbm", {}, 0, 0).package.predictor
    draw = np.random.default_rng(2)
    for name, window in POPULATIONS.items():
        rows = frame[month.between(*window)]
        day = labels(rows["scheduled_departure"], "day").to_numpy(dtype=str)
        outcome, scores = outcomes(rows, problem.target), predictor.scores(rows)
        drawn = (problem, day, scores, outcome, predictor.threshold)
        population = Population(*drawn)
        fallen, retrained = alarms(problem, population, halves)
        click.echo(f"{name}: {fallen:.1%} of periods fell, {retrained:.1%} of half-years retrained")
        for way, spoil in SPOILT.items():
            spoilt = Population(problem, day, spoil(scores, draw), outcome, predictor.threshold)
            counts = power(problem, population, spoilt, halves)
            shares = ", ".join(f"{key} {n / halves:.0%}" for key, n in sorted(counts.items()))
            click.echo(f"  {way}: {shares}")


if __name__ == "__main__":
    main()
