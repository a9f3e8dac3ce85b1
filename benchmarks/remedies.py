"""Remedies for a model whose probabilities have gone off: what each saves against doing nothing.

``python -m benchmarks.remedies`` prints Markdown tables: the flights from July to December with a
model of January to May, those from April to June with a model of January and February, both fitted
with LightGBM's default settings as ``train`` does; and the employment of Massachusetts from 2016 to
2018 with the probabilities that come with the package nannyml. ``--model models:/flights/1`` takes
a registered version of the flights instead of the first model.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import pandas as pd

from benchmarks import calibrators, employment
from benchmarks.calibrators import Curve
from benchmarks.remedy_table import Line, markdown
from longhaul import problem_yaml
from longhaul.backtest.counts import PredictionCounts
from longhaul.backtest.days import Days
from longhaul.backtest.models import START, Models
from longhaul.backtest.policies import POLICIES
from longhaul.backtest.simulation import Backtest
from longhaul.data import periods
from longhaul.data.labels import outcomes
from longhaul.data.table import PeriodTable
from longhaul.estimators.families import family
from longhaul.evaluation.threshold import theoretical_threshold
from longhaul.model.package import Package
from longhaul.monitoring import performance
from longhaul.problem import Problem, Windows
from longhaul.tracking import logged_models
from longhaul.training import candidate
from longhaul.training.past import train_as_of

PROBLEM = Path(__file__).resolve().parents[1] / "problems" / "flights.yaml"
LAGS = ("1 day", "3 days", "7 days", "30 days")
SPRING = Windows(
    train=("2013-01", "2013-01"),
    valid=("2013-02", "2013-02"),
    test=("2013-03", "2013-03"),
    production=("2013-04", "2013-06"),
)


@dataclass(frozen=True)
class Rows:
    """Rows of one period with their predictions and outcomes.

    Attributes
    ----------
    probability : ndarray of float, shape (n,)
    outcome : ndarray of bool, shape (n,)
    day : ndarray of str, shape (n,)
    """

    probability: np.ndarray
    outcome: np.ndarray
    day: np.ndarray

    def days(self, problem: Problem, probability: np.ndarray, decision: np.ndarray) -> Days:
        """Sum up other predictions of the same rows by day."""
        counts = PredictionCounts.count(probability, decision, self.outcome, self.day, self.day)
        return Days.of(counts, problem.costs)


@click.command()
@click.option("--model", default="", help="A registered version of the flights; empty: fit one.")
@click.option("--data", default="", help="The folder with nannyml's employment_MA_*.pq.")
@click.option("--only", default="", help="One of: later, spring, employment.")
def main(model: str, data: str, only: str) -> None:
    """Print a table for each set of rows."""
    if only in {"", "later"}:
        flights_section("The flights, July to December", problem_yaml.load(PROBLEM), model)
    if only in {"", "spring"}:
        spring = replace(problem_yaml.load(PROBLEM), windows=SPRING)
        flights_section("The flights, April to June", spring, "")
    if only in {"", "employment"}:
        print(employment.section(data, LAGS))


def flights_section(title: str, problem: Problem, model: str) -> None:
    """Print the table of the flights in the production window of a problem."""
    from benchmarks.flights import flights_table  # it needs the flights

    began = time.perf_counter()
    with TemporaryDirectory(prefix="longhaul-") as folder:
        table = PeriodTable(Path(folder))
        table.write(problem, flights_table())
        start = logged_models.load_for(model, problem) if model else fit(problem, table)
        chosen = [label for label in table.periods if problem.windows.in_production(label)]
        lines = [*policies(problem, table, start, chosen), *others(problem, table, start, chosen)]
    print(f"## {title}\n\n{markdown(lines)}\n\n{time.perf_counter() - began:.0f} s.\n", flush=True)


def fit(problem: Problem, table: PeriodTable) -> Package:
    """Fit the first version with default settings, as ``train`` does."""
    train, valid = (table.read(table.window(name, problem)) for name in ("train", "valid"))
    return candidate.fit(problem, train, valid, "lightgbm", _defaults(), 0, 0).package


def _defaults() -> dict[str, float]:
    return dict(family("lightgbm").defaults)


def policies(
    problem: Problem, table: PeriodTable, start: Package, chosen: list[str]
) -> Iterator[Line]:
    """Run the policies of `backtest` under all label lags."""
    judged = table.window("test", problem)

    def rows(period: str) -> pd.DataFrame:
        return table.read([period])

    train = partial(
        train_as_of,
        table,
        window="expanding",
        family=start.predictor.family,
        settings=_defaults(),
        seed=0,
    )
    make = partial(Models, problem, start, periods=[*judged, *chosen], rows=rows, train=train)
    first = make(baseline={}).observe(START, judged[-1]).counts
    backtest = Backtest(
        problem, make(baseline=performance.realized(first.by_cluster(), problem)), chosen
    )
    for policy in POLICIES:
        for lag in LAGS:
            result = backtest.run(policy, lag)
            corrected = sum(period.corrected for period in result.periods)
            trained = sum(period.trained for period in result.periods)
            promoted = sum(period.promoted for period in result.periods)
            note = f"{corrected} days corrected" if policy.level in {"rule", "always"} else ""
            if trained:
                note += f"{', ' if note else ''}{trained} trained, {promoted} promoted"
            yield Line(policy.name, lag, result.days, note)


def others(
    problem: Problem, table: PeriodTable, start: Package, chosen: list[str]
) -> Iterator[Line]:
    """Refit curves on the period before, or shift the share of positives without outcomes."""
    wanted = [periods.shift(chosen[0], -1), *chosen]
    rows = {label: _score(problem, table, start, label) for label in wanted}
    theory = theoretical_threshold(problem.costs)
    curves: dict[str, Callable[[np.ndarray, np.ndarray], Curve]] = {
        "Platt on the last month": calibrators.platt,
        "beta on the last month": calibrators.beta,
        "isotonic on the last month": calibrators.isotonic,
    }
    for name, curve in curves.items():
        days = []
        for label in chosen:
            last, now = rows[periods.shift(label, -1)], rows[label]
            served = curve(last.probability, last.outcome)(now.probability)
            days.append(now.days(problem, served, served >= theory))
        yield Line(name, "all of the last month", days)
    oldest, newest = start.windows["fit"]
    learned = table.read(periods.select(table.periods, (oldest, newest), "fit"))
    share = float(outcomes(learned, problem.target).mean())
    yield from _prior_shifts(start, problem, [rows[label] for label in chosen], share)


def _prior_shifts(
    start: Package, problem: Problem, rows: Sequence[Rows], before: float
) -> Iterator[Line]:
    """Shift the share of positives month by month, from the month's own predictions."""
    valid, predictor, theory = start.valid, start.predictor, theoretical_threshold(problem.costs)
    held_out = tuple(valid[name].to_numpy(dtype=bool) for name in ("decision", "outcome"))
    served = {
        "EM, without outcomes": lambda p: calibrators.em(p, before),
        "BBSE, without outcomes": lambda p: calibrators.bbse(
            p, predictor.decide(p), held_out, before
        ),
    }
    for name, adjust in served.items():
        days = []
        for now in rows:
            probability = adjust(now.probability)
            days.append(now.days(problem, probability, probability >= theory))
        yield Line(name, "none needed", days)


def _score(problem: Problem, table: PeriodTable, package: Package, label: str) -> Rows:
    assert problem.time
    frame = table.read([label])
    day = periods.labels(frame[problem.time.column], "day").to_numpy(dtype=str)
    return Rows(package.predictor.scores(frame), outcomes(frame, problem.target), day)


if __name__ == "__main__":
    main()
