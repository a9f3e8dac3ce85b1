"""How often a challenger that is no better wins at the gate, and how often a better one does.

``python -m benchmarks.equal_challengers [tries]`` fits seven pairs of LightGBM models of the
flights, each model on a month of its own, and lets one challenge the other on a later month. A try
draws that month's days with replacement, as many as it has, for each of three looks. To make the
pair equal, the mean gain of the month is taken off every row; to make the challenger better by a
known amount, that is added instead.

Printed for each pair, and over all, is the share of tries in which the challenger wins: as it was
once, counting rows (the interval of a mean of independent gains); at one look of the gate, by day;
and over three looks, at the first or in total.
"""

import sys
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.flights import PROBLEM, flights_table
from longhaul import problem_yaml
from longhaul.data import clusters, periods
from longhaul.data.labels import outcomes
from longhaul.estimators.families import family
from longhaul.evaluation.comparison import compare, confidence_of_look
from longhaul.evaluation.intervals import PairedGains
from longhaul.problem import Gate
from longhaul.tasks import binary
from longhaul.training import candidate

TRIES, LOOKS, PAIRS = 200, 3, 7
GAIN = 0.01  # nats a row, of a challenger that is better
SETTINGS = {"iterations": 60, "learning_rate": 0.1}
WAYS = ("by row", "by day, one look", "first of three looks", "three looks")


@dataclass(frozen=True)
class Pair:
    """Two models on a month that neither has seen.

    Attributes
    ----------
    name : str
    outcome, champion, challenger : ndarray, shape (n,)
    rows_of_day : list of ndarray of int
    """

    name: str
    outcome: np.ndarray
    champion: np.ndarray
    challenger: np.ndarray
    rows_of_day: list[np.ndarray]

    def compare(self, days: np.ndarray) -> tuple[PairedGains, np.ndarray]:
        """Return the gains of some days by day, each counted as a day of its own, and by row."""
        parts = [self.rows_of_day[day] for day in days]
        rows = np.concatenate(parts)
        names = np.repeat([f"{place:03d}" for place in range(len(parts))], list(map(len, parts)))
        outcome = self.outcome[rows]
        before, after = self.champion[rows], self.challenger[rows]
        compared = compare(binary, outcome, before, after, names, ("", ""))
        return compared.gains, binary.losses(outcome, before) - binary.losses(outcome, after)


def fit_pairs() -> list[Pair]:
    """Fit pairs of models on months that follow one another, to be judged on the next."""
    problem, table = problem_yaml.load(PROBLEM), flights_table()
    month, day = periods.of(table, problem), clusters.of(table, problem)
    labels = sorted(month.unique())
    predictors = {}
    for first, second in list(pairwise(labels))[: PAIRS + 1]:
        train, valid = table[month == first], table[month == second]
        fitted = candidate.fit(
            problem, train, valid, "lightgbm", {**family("lightgbm").defaults, **SETTINGS}, 0, 1
        )
        predictors[first] = fitted.package.predictor
    pairs = []
    for place, (first, second) in enumerate(list(pairwise(predictors))[:PAIRS]):
        label = labels[place + 3]
        frame, days = table[month == label], day[month == label]
        before, after = (predictors[name].scores(frame) for name in (first, second))
        rows = [np.flatnonzero(days == name) for name in np.unique(days)]
        name = f"{first}, {second} on {label}"
        pairs.append(Pair(name, outcomes(frame, problem.target), before, after, rows))
    return pairs


def share_of_wins(pair: Pair, tries: int, better_by: float) -> np.ndarray:
    """Return the share of tries that the challenger wins: float of shape (ways,)."""
    generator, number = np.random.default_rng(0), len(pair.rows_of_day)
    gains, by_row = pair.compare(np.arange(number))
    shift = better_by - gains.interval(0.95).value
    row_shift = better_by - by_row.mean()
    wins = np.zeros(len(WAYS))
    for _ in range(tries):
        looks = [pair.compare(generator.integers(number, size=number)) for _ in range(LOOKS)]
        wins += _judge(looks, shift, row_shift)
    return wins / tries


def _judge(
    looks: list[tuple[PairedGains, np.ndarray]], shift: float, row_shift: float
) -> list[bool]:
    """Return whether the challenger wins, for each of the ways to count."""
    by_row = looks[0][1] + row_shift
    gains = [_shift(part, shift, place) for place, (part, _) in enumerate(looks)]
    totals = [sum(gains[: place + 1], PairedGains({})) for place in range(LOOKS)]
    three = [wins(total, Gate(looks=LOOKS)) for total in totals]
    by_rows = by_row.mean() > 1.96 * by_row.std() / np.sqrt(len(by_row))
    return [bool(by_rows), wins(gains[0], Gate(looks=1)), three[0], any(three)]


def wins(gains: PairedGains, gate: Gate) -> bool:
    """Return whether the lower bound of a look is above zero."""
    return gains.interval(confidence_of_look(gate)).low > 0


def _shift(gains: PairedGains, shift: float, look: int) -> PairedGains:
    """Add to the gain of every row; the days of each look are others."""
    return PairedGains(
        {
            f"{look} {name}": (rows, gain + shift * rows)
            for name, (rows, gain) in gains.clusters.items()
        }
    )


def main() -> None:
    """Measure and print."""
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else TRIES
    pairs = fit_pairs()
    for better_by in (0.0, GAIN):
        print(f"\nwins of a challenger better by {better_by:g} nats a row, {tries} tries a pair")
        print(f"{'':<30}" + "".join(f"{way:>22}" for way in WAYS))
        shares = []
        for pair in pairs:
            shares.append(share_of_wins(pair, tries, better_by))
            print(f"{pair.name:<30}" + "".join(f"{share:>22.1%}" for share in shares[-1]))
        print(f"{'all':<30}" + "".join(f"{share:>22.1%}" for share in np.mean(shares, axis=0)))


if __name__ == "__main__":
    main()
