"""Backtest remedies on the production periods, to see what recalibrating and retraining buy."""

from itertools import product

import mlflow
from tqdm import tqdm

from longhaul.backtest import lags as lags_of
from longhaul.backtest import savings
from longhaul.backtest.models import Models, TrainedModel
from longhaul.backtest.policies import POLICIES
from longhaul.backtest.simulation import Backtest
from longhaul.backtest.table import policy_rows
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.pipeline import clean_table
from longhaul.pipeline.parameters import Seed, Window
from longhaul.pipeline.step import step
from longhaul.problem import Problem
from longhaul.production import judged
from longhaul.registry import versions
from longhaul.registry.model_uri import resolve_model
from longhaul.report import backtest as page
from longhaul.tracking import artifacts, backtests, candidates, logged_models
from longhaul.training.past import train_as_of


@step
def backtest(model: str, table: str, lags: str, window: Window, seed: Seed) -> str:
    """Compare policies over the same periods, under label lags: what each would have saved."""
    waits = lags_of.parse(lags)
    version = resolve_model(model)
    source = PeriodTable(artifacts.fetch(clean_table.resolve(table, version.uri)))
    problem = source.problem
    periods = _periods(problem, source)
    first = logged_models.load_for(version.uri, problem)
    settings_uri = candidates.settings_uri(versions.run_of_version(version.uri))
    settings = candidates.read_settings(settings_uri)

    def train(newest: str, gated: bool) -> TrainedModel:
        family = first.predictor.family
        return train_as_of(source, newest, gated, window, family, settings, seed)

    learned = max(last for _, last in first.windows.values())
    history = [period for period in source.periods if learned < period < periods[0]]
    baseline = judged.figures(version.name, version.version, first)
    counts = judged.counts(version.name, version.version)
    models = Models(
        problem,
        first,
        baseline,
        [*history, *periods],
        lambda period: source.read([period]),
        train,
        counts,
    )
    policies = Backtest(problem, models, periods)
    pairs = list(product(waits, POLICIES))
    progress = tqdm(pairs, desc="backtest", unit="policy", leave=False, disable=None)
    results = [policies.run(policy, lag) for lag, policy in progress]
    by_lag = {
        lag: policy_rows([r for r in results if r.lag == lag], problem.gate.confidence)
        for lag in waits
    }
    picture = backtests.log_policies(by_lag, periods, problem)
    mlflow.log_text(page.render(problem, periods, by_lag, picture), "backtest.html")
    return savings.headline(by_lag)


def _periods(problem: Problem, source: PeriodTable) -> list[str]:
    """List the periods to run again.

    Raises
    ------
    LonghaulError
        When the table is not one that a backtest can compare days of.
    """
    if problem.target.task_type != "binary" or problem.time is None:
        raise LonghaulError(
            "table: a backtest compares days of a target with two classes;"
            " this table has no times or another target"
        )
    periods = [period for period in source.periods if problem.windows.in_production(period)]
    if not periods:
        first = problem.windows.production[0]
        raise LonghaulError(f"table: no period from {first} on, the first of production, is in it")
    return periods


if __name__ == "__main__":
    backtest()
