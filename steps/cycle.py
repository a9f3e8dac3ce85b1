"""One period in production: score it, watch it, and train again if the evidence says so."""

from pathlib import Path

import click
import mlflow

from longhaul import problem as problems
from longhaul.data import source
from longhaul.data.windows import KINDS
from longhaul.monitoring.decision import LEVELS
from longhaul.report import life as pages
from longhaul.tracking import artifacts, charge, life
from longhaul.tracking.life import Life
from longhaul.tracking.lock import lock
from longhaul.workflow import caller, warm
from longhaul.workflow.alarm import require_below
from longhaul.workflow.flow import Flow
from longhaul.workflow.stage import stage
from longhaul.workflow.terminal import Terminal

PATIENCE_SECONDS = 3600.0  # a cycle that is at work may be training


@stage
@click.option("--problem", required=True, help="A problem file, or the name of one in problems/.")
@click.option("--period", required=True, help="Such as 2013-07.")
@click.option("--table", required=True, help="The table folder of validate; empty: make it.")
@click.option("--window", required=True, type=click.Choice(KINDS), help="What to train on.")
@click.option("--trials", required=True, type=click.IntRange(min=0), help="0: same settings.")
@click.option("--seed", required=True, type=click.IntRange(min=0), help="Of everything random.")
@click.option("--resume", required=True, type=bool, help="Reuse finished stages.")
@click.option("--alarm", required=True, type=click.Choice(["never", *LEVELS[1:]]))
def cycle(
    problem: str,
    period: str,
    table: str,
    window: str,
    trials: int,
    seed: int,
    resume: bool,
    alarm: str,
) -> str:
    """Score, monitor and, if need be, retrain; doing it twice changes nothing."""
    path = caller.problem_file(problem)
    name = problems.load(path).name
    with (
        lock(f"{name}.cycle", PATIENCE_SECONDS),
        Terminal(warm.depth()) as terminal,
        Flow(caller.PROJECT, mlflow.active_run(), resume, terminal) as flow,
    ):
        clean = table or _clean(flow, path)
        number = charge.in_charge(name, period)
        model = f"models:/{name}/{number}"
        scored = flow.run("score", model=model, table=clean, period=period)
        past = Life.read(name).before(period).digest()
        predictions = scored.uri("predictions")
        watched = flow.run(
            "monitor", state=past, model=model, predictions=predictions, table=clean, period=period
        )
        found = artifacts.read_json(watched.uri("monitor.json"))["decision"]
        retrained = None
        if found["action"] == "retrain":
            retrained = flow.run(
                "retrain",
                model=model,
                table=clean,
                period=period,
                window=window,
                trials=trials,
                seed=seed,
                resume=resume,
            )
        nothing = all(stage.reused for stage in flow.stages)
    outcome = {
        "period": period,
        "version": number,
        "decision": found,
        "retrained": artifacts.read_json(retrained.uri("retrain.json")) if retrained else None,
    }
    mlflow.log_dict(outcome, "cycle.json")
    if retrained and not nothing:
        life.keep_retraining(name, period, outcome["retrained"])
        pages.publish(name)
    mlflow.log_metrics(dict(scored.metrics))
    headline = f"version {number}: {found['level']}, {found['reason']}"
    headline += f"; {retrained.headline}" if retrained else ""
    headline = f"nothing has changed since: {headline}" if nothing else headline
    return require_below(alarm, found["level"], headline)


def _clean(flow: Flow, path: Path) -> str:
    """The clean table of the problem as it is now."""
    state = source.digest(problems.load(path), path.parent)
    ingested = flow.run("ingest", problem=path, state=state)
    return flow.run("validate", table=ingested.uri("table")).uri("table")


if __name__ == "__main__":
    cycle()
