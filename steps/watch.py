"""Watch live traffic until stopped: the cycle of each period as it closes, and as outcomes come."""

import signal

import click

from longhaul import problem_yaml
from longhaul.errors import LonghaulError
from longhaul.pipeline import caller, composite, live
from longhaul.pipeline.flow import open_flow
from longhaul.pipeline.parameters import (
    Engine,
    PortOrAny,
    RetrainingTrials,
    Seconds,
    Seed,
    Window,
)
from longhaul.pipeline.step import Terminated, step
from longhaul.watch.agenda import Agenda
from longhaul.watch.page import WatchPages
from longhaul.watch.watcher import Watcher, WatchSettings


@step
def watch(
    problem: str,
    traffic: str,
    outcomes: str,
    table: str,
    host: str,
    port: PortOrAny,
    poll_seconds: Seconds,
    settle_seconds: Seconds,
    recalibrate_seconds: Seconds,
    until: str,
    window: Window,
    trials: RetrainingTrials,
    seed: Seed,
    engine: Engine,
) -> str:
    """Look at the prediction log; answer /metrics and /health meanwhile."""
    path = caller.problem_file(problem)
    declared = problem_yaml.load(path)
    source = live.source(declared, path.parent, traffic, outcomes)
    if source is None:
        raise LonghaulError("traffic: give the prediction log, or declare traffic in the problem")
    agenda = Agenda(declared, settle_seconds, poll_seconds)
    with open_flow(use_cache=True) as flow:
        table = table or composite.clean_table(flow, path, engine)
        cycle = {
            "problem": path,
            "table": table,
            "traffic": source.traffic,
            "outcomes": source.outcomes,
            "window": window,
            "trials": trials,
            "seed": seed,
            "engine": engine,
        }
        settings = WatchSettings(poll_seconds, recalibrate_seconds, until)
        watcher = Watcher(flow, declared, table, source, cycle, agenda, settings)
        with WatchPages(host, port, watcher.figures.exposition, watcher.health) as pages:
            click.echo(f"watching {declared.name}: {pages.address}/health", err=True)
            try:
                watcher.run()
            except (Terminated, KeyboardInterrupt):
                # `mlflow run` sends SIGTERM when it is stopped itself: the run is closed first.
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                click.echo("stopped", err=True)
    judged = sorted(agenda.judged)
    return f"{len(judged)} periods judged: {', '.join(judged) or 'none'}"


if __name__ == "__main__":
    watch()
