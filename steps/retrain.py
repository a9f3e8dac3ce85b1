"""Train a challenger on the newest data, and promote it if it beats the champion there."""

from typing import Any

import mlflow

from longhaul.pipeline import caller, warm_backend
from longhaul.pipeline.flow import Flow, Stage
from longhaul.pipeline.parameters import Engine, Minutes, RetrainingTrials, Seed, Window
from longhaul.pipeline.step import step
from longhaul.pipeline.terminal import Terminal
from longhaul.registry import versions
from longhaul.registry.model_uri import ModelUri, resolve_model
from longhaul.tracking import artifacts, candidates, logged_models


@step
def retrain(
    model: str,
    table: str,
    period: str,
    window: Window,
    trials: RetrainingTrials,
    minutes: Minutes,
    seed: Seed,
    resume: bool,
    engine: Engine,
) -> str:
    """Fit a challenger, judge it in pairs with the champion, and say what became of it."""
    champion = resolve_model(model)
    with (
        Terminal(warm_backend.depth()) as terminal,
        Flow(caller.PROJECT, mlflow.active_run(), resume, terminal) as flow,
    ):
        split = flow.run("split", table=table, until=period, window=window).uri("split")
        limits = {"trials": trials, "minutes": minutes, "resume": resume, "engine": engine}
        search = limits if trials else {}
        fitted = _fit(flow, champion.uri, split, seed, search)
        candidate = fitted.uri("model")
        judged = flow.run(
            "evaluate", candidate=candidate, champion=champion.uri, split=split, seed=seed
        )
        verdict = artifacts.read_json(judged.uri("verdict.json"))
        passed = verdict["passed"] is True
        crowned = _crown(flow, champion, candidate, judged, period) if passed else ""
    outcome = {
        "period": period,
        "champion": champion.uri,
        "candidate": candidate,
        "passed": passed,
        "promoted": crowned or None,
        "reason": _reason(verdict),
        "evidence": judged.run_id,
    }
    mlflow.log_dict(outcome, "retrain.json")
    mlflow.log_metrics(dict(judged.metrics))
    if crowned:
        return f"version {crowned} replaces version {champion.version}: {outcome['reason']}"
    return f"version {champion.version} stays champion: {outcome['reason']}"


def _fit(flow: Flow, champion: str, split: str, seed: int, search: dict[str, Any]) -> Stage:
    """A candidate of the champion's family: with its settings, or after a short search."""
    family = logged_models.load(champion).predictor.family
    common: dict[str, Any] = {"split": split, "family": family, "seed": seed}
    if search:
        return flow.run("tune", **common, **search)
    return flow.run("train", **common, settings=candidates.settings_uri(versions.run_of_version(champion)))


def _crown(flow: Flow, champion: ModelUri, candidate: str, judged: Stage, period: str) -> str:
    """Register and promote the candidate; its version."""
    verdict = judged.uri("verdict.json")
    registered = flow.run("register", candidate=candidate, verdict=verdict)
    made = artifacts.read_json(registered.uri("version.json"))
    reason = f"trained again on the evidence of {period}: {judged.headline}"
    flow.run(
        "promote",
        model=made["uri"],
        reason=reason,
        evidence=judged.run_id,
        expected_champion=champion.version,
    )
    return str(made["version"])


def _reason(verdict: dict[str, Any]) -> str:
    """Why the gate refused, or by how much the challenger is better."""
    failed = [check for check in verdict["checks"] if not check["passed"]]
    return str((failed or verdict["checks"])[0 if failed else -1]["reason"])


if __name__ == "__main__":
    retrain()
