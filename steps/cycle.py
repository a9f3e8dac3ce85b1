"""Run one period in production: score it, monitor it, and retrain if the evidence says so."""

from typing import Any

import mlflow

from longhaul import problem as problems
from longhaul.data import periods
from longhaul.data.table import PeriodTable
from longhaul.pipeline import caller, composite
from longhaul.pipeline.fail_on import require_below
from longhaul.pipeline.flow import Flow, open_flow
from longhaul.pipeline.parameters import Engine, FailOn, RetrainingTrials, Seed, Window
from longhaul.pipeline.step import step
from longhaul.production import history
from longhaul.production.version_for_period import version_for_period
from longhaul.registry.lock import lock
from longhaul.report import production as pages
from longhaul.tracking import artifacts

PATIENCE_SECONDS = 3600.0  # a cycle that is at work may be training


def version_in_charge(problem: str, period: str) -> str:
    """Return the version that a cycle of the period scores with."""
    return version_for_period(problems.load(caller.problem_file(problem)).name, period)


@step(state=version_in_charge)
def cycle(
    problem: str,
    period: str,
    table: str,
    window: Window,
    trials: RetrainingTrials,
    seed: Seed,
    use_cache: bool,
    fail_on: FailOn,
    engine: Engine,
) -> str:
    """Score, monitor and, if need be, retrain; doing it twice changes nothing."""
    path = caller.problem_file(problem)
    name = problems.load(path).name
    with lock(f"{name}.cycle", PATIENCE_SECONDS), open_flow(use_cache) as flow:
        table = table or composite.clean_table(flow, path, engine)
        version = version_for_period(name, period)
        X
