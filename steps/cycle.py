"""Run one period in production: score it, monitor it, and retrain if the evidence says so."""

import mlflow

from longhaul import problem as problems
from longhaul.pipeline import caller, composite, look
from longhaul.pipeline.fail_on import require_below
from longhaul.pipeline.flow import open_flow
from longhaul.pipeline.parameters import Engine, FailOn, RetrainingTrials, Seed, Window
from longhaul.pipeline.step import step
from longhaul.production import retraining
from longhaul.production.version_for_period import version_for_period
from longhaul.registry import versions
from longhaul.registry.lock import lock
from longhaul.registry.model_uri import version_uri
from longhaul.report import production as pages

PATIENCE_SECONDS = 3600.0  # a cycle that is at work may be training


def models_at_work(problem: str, period: str) -> str:
    """Return the version in charge of the period, and the challenger that is due with it."""
    return look.models_at_work(problems.load(caller.problem_file(problem)), period)


@step(state=models_at_work)
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
        versions.require_whole(name, version)
        model = version_uri(name, version)
        predicted, decision = composite.score_and_monitor(flow, model, table, period, engine)
        settings = composite.RetrainingSettings(window, trials, seed, use_cache, engine)
        then = look.respond(flow, name, version, table, period, decision["action"], settings)
        if then.is_new:
            pages.publish(name)
        unchanged = all(child.reused for child in flow.steps)
    record = {"period": period, "version": version, "decision": decision, **then.to_dict()}
    mlflow.log_dict(record, "cycle.json")
    mlflow.log_metrics(dict(predicted.metrics) if predicted else {})
    headline = retraining.summarize(version, decision, then.retrained, unchanged, then.look)
    return require_below(fail_on, decision["level"], headline)


if __name__ == "__main__":
    cycle()
