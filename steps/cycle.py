"""One period in production: score it, watch it, and train again if the evidence says so."""

from pathlib import Path
from typing import Any

import mlflow

from longhaul import problem as problems
from longhaul.data import periods, sources
from longhaul.data.table import PeriodTable
from longhaul.pipeline import caller, warm_backend
from longhaul.pipeline.fail_on import require_below
from longhaul.pipeline.flow import Flow
from longhaul.pipeline.parameters import Engine, FailOn, RetrainingTrials, Seed, Window
from longhaul.pipeline.step import step
from longhaul.pipeline.terminal import Terminal
from longhaul.production import history, version_for_period
from longhaul.production.history import ProductionHistory
from longhaul.registry import promotion
from longhaul.registry.lock import lock
from longhaul.report import production as pages
from longhaul.tracking import artifacts

PATIENCE_SECONDS = 3600.0  # a cycle that is at work may be training


@step
def cycle(
    problem: str,
    period: str,
    table: str,
    window: Window,
    trials: RetrainingTrials,
    seed: Seed,
    resume: bool,
    alarm: FailOn,
    engine: Engine,
) -> str:
    """Score, monitor and, if need be, retrain; doing it twice changes nothing."""
    path = caller.problem_file(problem)
    name = problems.load(path).name
    with (
        lock(f"{name}.cycle", PATIENCE_SECONDS),
        Terminal(warm_backend.depth()) as terminal,
        Flow(caller.PROJECT, mlflow.active_run(), resume, terminal) as flow,
    ):
        clean = table or _clean(flow, path, engine)
        number = version_for_period.version_for_period(name, period)
        inputs = {"model": f"models:/{name}/{number}", "table": clean, "engine": engine}
        scored = flow.run("score", **inputs, period=period)
        past = ProductionHistory.read(name).before(period).digest()
        watched = flow.run(
            "monitor", state=past, **inputs, period=period, predictions=scored.uri("predictions")
        )
        found = artifacts.read_json(watched.uri("monitor.json"))["decision"]
        outcome = None
        if found["action"] == "retrain":
            newest = periods.shift(
                period, -PeriodTable(artifacts.fetch(clean)).problem.monitoring.label_lag
            )
            again = {"window": window, "trials": trials, "seed": seed, "resume": resume}
            outcome = _retrain(flow, name, number, period, {**inputs, "period": newest, **again})
        nothing = all(stage.reused for stage in flow.stages)
    record = {"period": period, "version": number, "decision": found, "retrained": outcome}
    mlflow.log_dict(record, "cycle.json")
    mlflow.log_metrics(dict(scored.metrics))
    headline = f"version {number}: {found['level']}, {found['reason']}"
    headline += f"; {_words(number, outcome)}" if outcome else ""
    headline = f"nothing has changed since: {headline}" if nothing else headline
    return require_below(alarm, found["level"], headline)


def _retrain(
    flow: Flow, name: str, number: str, period: str, inputs: dict[str, Any]
) -> dict[str, Any]:
    """Train a challenger, unless one of this period has taken over long since; what came of it."""
    known = ProductionHistory.read(name).retrainings.get(period)
    if known is not None and promotion.champion(name) != number:
        return known
    retrained = flow.run("retrain", **inputs)
    outcome: dict[str, Any] = artifacts.read_json(retrained.uri("retrain.json"))
    if outcome != known:
        history.record_retraining(name, period, outcome)
        pages.publish(name)
    return outcome


def _words(number: str, outcome: dict[str, Any]) -> str:
    if outcome["promoted"]:
        return f"version {outcome['promoted']} took over: {outcome['reason']}"
    return f"version {number} stays champion: {outcome['reason']}"


def _clean(flow: Flow, path: Path, engine: str) -> str:
    """The clean table of the problem as it is now."""
    state = sources.digest(problems.load(path), path.parent, artifacts.fetch)
    ingested = flow.run("ingest", problem=path, engine=engine, state=state)
    return flow.run("validate", table=ingested.uri("table"), engine=engine).uri("table")


if __name__ == "__main__":
    cycle()
