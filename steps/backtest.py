"""Backtest retraining policies on the production periods, to see what retraining buys."""

import mlflow
from tqdm import tqdm

from longhaul.backtest.policies import POLICIES, Backtest, TrainedModel
from longhaul.backtest.results import policy_rows, summarize
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.pipeline.parameters import Seed, Window
from longhaul.pipeline.step import step
from longhaul.production import judged
from longhaul.registry import versions
from longhaul.registry.model_uri import resolve_model
from longhaul.report import template
from longhaul.tracking import artifacts, backtests, candidates, logged_models
from longhaul.training.past import train_as_of


@step
def backtest(model: str, table: str, window: Window, seed: Seed) -> str:
    """Compare policies over the same periods: log loss, AUC, cost, trainings and their time."""
    source, version = PeriodTable(artifacts.fetch(table)), resolve_model(model)
    problem = source.problem
    if problem.target.task_type != "binary" or problem.time is None:
        raise LonghaulError(
            "table: a backtest compares days of a target with two classes;"
            " this table has no times or another target"
        )
    first = logged_models.load_for(version.uri, problem)
    settings_uri = candidates.settings_uri(versions.run_of_version(version.uri))
    settings = candidates.read_settings(settings_uri)

    def train(newest: str, gated: bool) -> TrainedModel:
        family = first.predictor.family
        return train_as_of(source, newest, gated, window, family, settings, seed)

    baseline = judged.figures(version.name, version.version, first)
    policies = Backtest(problem, first, baseline, lambda period: source.read([period]), train)
    periods = [period for period in source.periods if problem.windows.in_production(period)]
    results = [
        policies.run(policy, periods)
        for policy in tqdm(POLICIES, desc="backtest", unit="policy", leave=False, disable=None)
    ]
    rows = policy_rows(results, problem.gate.confidence, seed)
    picture = backtests.log_policies(rows, periods)
    page = template.render(
        "backtest.html.jinja", name=problem.name, periods=periods, rows=rows, picture=picture
    )
    mlflow.log_text(page, "backtest.html")
    return summarize(rows)


if __name__ == "__main__":
    backtest()
