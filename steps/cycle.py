"""Run one period in production: score it, monitor it, and retrain if the evidence says so."""

import mlflow

from longhaul import problem_yaml
from longhaul.pipeline import caller, composite, live, look
from longhaul.pipeline.fail_on import require_below
from longhaul.pipeline.flow import open_flow
from longhaul.pipeline.parameters import Engine, FailOn, RetrainingTrials, Seed, Window
from longhaul.pipeline.step import step
from longhaul.production import retraining
from longhaul.registry.lock import lock
from longhaul.report import production as pages

PATIENCE_SECONDS = 3600.0  # a cycle that is at work may be training


def models_at_work(problem: str, period: str) -> str:
    """Return the version in charge of the period, and the challenger that is due with it."""
    return look.models_at_work(problem_yaml.load(caller.problem_file(problem)), period)


@step(state=models_at_work)
def cycle(
    problem: str,
    period: str,
    table: str,
    traffic: str,
    outcomes: str,
    window: Window,
    trials: RetrainingTrials,
    seed: Seed,
    use_cache: bool,
    fail_on: FailOn,
    engine: Engine,
) -> str:
    """Score, monitor and, if need be, retrain; doing it twice changes nothing.

    Where there is live traffic, its predictions are monitored as they were served.
    """
    path = caller.problem_file(problem)
    declared = problem_yaml.load(path)
    name = declared.name
    with lock(f"{name}.cycle", PATIENCE_SECONDS), open_flow(use_cache) as flow:
        table = table or composite.clean_table(flow, path, engine)
        if source := live.source(declared, path.parent, traffic, outcomes):
            seen = live.monitor_traffic(flow, name, table, source, period, engine)
        else:
            seen = composite.monitor_batch(flow, name, table, period, engine)
        settings = composite.RetrainingSettings(window, trials, seed, use_cache, engine)
        then = look.respond(flow, name, seen, period, settings)
        if then.is_new:
            pages.publish(name)
        unchanged = all(child.reused for child in flow.steps)
    version, decision = seen.version, seen.decision
    record = {"period": period, "version": version, "decision": decision, **then.to_dict()}
    mlflow.log_dict(record, "cycle.json")
    mlflow.log_metrics(dict(seen.metrics))
    headline = retraining.summarize(version, decision, then.retrained, unchanged, then.look)
    return require_below(fail_on, decision["level"], headline)


if __name__ == "__main__":
    cycle()
