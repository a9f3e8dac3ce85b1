"""Decision thresholds of refitted models: what each rule costs on the months that follow.

``python -m benchmarks.thresholds [family]`` prints a Markdown table. For each month from May to
November, a model of the flights is fitted on the months before it, with that month as validation,
and refitted on both, as ``retrain`` does; then each month after it is decided by the thresholds of
several rules. ``by rows of validation`` is the rule of former releases: of the thresholds whose
cost on validation is within a standard error of the lowest, counted by row, the nearest to theory.
``cheapest on validation`` is the lowest itself. Differences are from the former rule, paired, by
the day.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.flights import PROBLEM, flights_table
from longhaul import problem_yaml
from longhaul.data import clusters, periods
from longhaul.data.labels import outcomes
from longhaul.evaluation.intervals import PairedGains
from longhaul.evaluation.threshold import cost_curve, row_costs, theoretical_threshold
from longhaul.model.package import Package
from longhaul.problem import Problem
from longhaul.training import candidate

FORMER = "by rows of validation"
FIRST = "2013-05"


@dataclass(frozen=True)
class Decided:
    """Costs of a month's rows under each rule, by a model of the months up to `newest`."""

    newest: str
    month: str
    days: np.ndarray
    costs: dict[str, np.ndarray]


def main() -> None:
    """Print the thresholds of each model, and a table of what they cost."""
    family = sys.argv[1] if len(sys.argv) > 1 else "lightgbm"
    decided = list(_decide(problem_yaml.load(PROBLEM), flights_table(), family))
    test, later = "2013-06", "2013-07"
    print("\n| rows | rule | cost of a row | less the former rule's |\n| --- | --- | --- | --- |")
    start = [part for part in decided if part.newest == FIRST]
    _print("model to May, June", [part for part in start if part.month == test])
    _print("model to May, July to December", [part for part in start if part.month >= later])
    _print("each model, next month", [part for part in decided if _is_next(part)])
    _print("each model, all months after it", decided)


def _is_next(part: Decided) -> bool:
    return part.month == periods.shift(part.newest, 1)


def _decide(problem: Problem, frame: pd.DataFrame, family: str) -> Iterator[Decided]:
    months = periods.of(frame, problem)
    labels = sorted(set(months))
    for newest in labels[labels.index(FIRST) : -1]:
        train, valid = frame[months < newest], frame[months == newest]
        package = candidate.fit(problem, train, valid, family, {}, 0, 0).package
        thresholds = _thresholds(problem, package)
        said = ", ".join(f"{rule} {value:.3f}" for rule, value in thresholds.items())
        print(f"refitted up to {newest}: {said}", flush=True)
        for month in labels[labels.index(newest) + 1 :]:
            rows = frame[months == month]
            scores, outcome = package.predictor.scores(rows), outcomes(rows, problem.target)
            costs = {
                rule: row_costs(outcome, scores >= threshold, problem.costs)
                for rule, threshold in thresholds.items()
            }
            yield Decided(newest, month, clusters.of(rows, problem), costs)


def _thresholds(problem: Problem, package: Package) -> dict[str, float]:
    probability = package.valid["probability"].to_numpy()
    outcome = package.valid["outcome"].to_numpy(dtype=bool)
    points, theory = (
        cost_curve(outcome, probability, problem.costs),
        theoretical_threshold(problem.costs),
    )
    cheapest = points.thresholds[np.argmin(points.costs)]
    by_row = row_costs(outcome, probability >= cheapest, problem.costs)
    error = by_row.std() / np.sqrt(len(by_row))
    as_good = points.thresholds[points.costs <= points.costs.min() + error]
    return {
        FORMER: float(as_good[np.argmin(np.abs(as_good - theory))]),
        "cheapest on validation": float(cheapest),
        "theory": theory,
        "theory, unless unseen rows say otherwise": package.predictor.threshold,
    }


def _print(name: str, parts: list[Decided]) -> None:
    days = np.concatenate([part.days for part in parts])
    costs = {rule: np.concatenate([part.costs[rule] for part in parts]) for rule in parts[0].costs}
    for rule, paid in costs.items():
        gain = PairedGains.of(paid - costs[FORMER], days).interval(0.95)
        less = f"{gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]" if rule != FORMER else ""
        print(f"| {name} | {rule} | {paid.mean():.4f} | {less} |")


if __name__ == "__main__":
    main()
