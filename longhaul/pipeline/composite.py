"""Sequences of steps that `main` and composite steps run."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from longhaul.data import label_lag, sources
from longhaul.data.table import PeriodTable
from longhaul.pipeline import caller, rollout
from longhaul.pipeline.flow import FinishedStep, Flow
from longhaul.production import recalibration
from longhaul.production.announcements import announced_moves
from longhaul.production.history import ProductionHistory
from longhaul.production.retraining import explain_verdict
from longhaul.production.version_for_period import version_for_period
from longhaul.registry import promotion, versions
from longhaul.registry import verdict as verdicts
from longhaul.registry.model_uri import version_uri
from longhaul.scaffold import problem_file
from longhaul.tracking import artifacts, candidates, logged_models


def declare_problem(flow: Flow, data: str, target: str, query: str) -> Path:
    """Write the problem file of a table into the caller's folder; see the step `init`."""
    folder = caller.folder()
    path = folder / problem_file.file_name(data)
    data = str(folder / data) if sources.is_path(data) else data
    step = flow.run("init", data=data, target=target, query=query, problem=path)
    problem_file.write(path, _read_text(step, "problem.yaml"))  # the step may be reused
    click.echo(_read_text(step, "decisions.txt"))
    return path


def clean_table(flow: Flow, problem: Path, engine: str) -> str:
    """Ingest a problem's source and validate it; return the URI of the clean table."""
    ingested = flow.run("ingest", problem=problem, engine=engine)
    return flow.run("validate", table=ingested.uri("table"), engine=engine).uri("table")


def best_family(flow: Flow, split: str, families: Sequence[str], seed: int) -> str:
    """Train each family, side by side; return the one with the lowest validation loss.

    None of these models is kept, so none is cross-fitted.
    """
    cores = os.cpu_count() or 1
    threads = max(1, cores // len(families))
    trained = flow.run_each(
        "train",
        [
            {
                "split": split,
                "family": family,
                "seed": seed,
                "threads": threads,
                "cross_fit": False,
            }
            for family in families
        ],
        at_once=cores,
    )
    losses = [step.metrics["valid_loss"] for step in trained]
    return families[losses.index(min(losses))]


def settle(
    flow: Flow,
    candidate: str,
    evaluated: FinishedStep,
    reason: str,
    expected_champion: str,
    split: str,
) -> dict[str, Any]:
    """Do as the verdict says: promote a candidate, let it wait as challenger, or neither.

    One that is to be promoted is served first, and refused where that fails.

    Parameters
    ----------
    flow : Flow
    candidate : str
        URI of the model.
    evaluated : FinishedStep
        The step that judged it.
    reason : str
        For the ledger.
    expected_champion : str
        The version that must be champion now, ``"none"`` or ``"any"``.
    split : str
        URI of the split that has the rows to ask the service about.

    Returns
    -------
    dict
        The ``outcome``: promote, approval, undecided or refuse; the version that was ``promoted``,
        or is ``waiting``, each None where there is none; and the ``reason``.
    """
    verdict = artifacts.read_json(evaluated.uri("verdict.json"))
    outcome = verdicts.outcome(verdict)
    settled = {
        "outcome": outcome,
        "promoted": None,
        "waiting": None,
        "reason": explain_verdict(verdict),
    }
    if outcome == "refuse":
        return settled
    version = register_candidate(flow, candidate, evaluated.run_id)
    if outcome == verdicts.UNDECIDED:
        return {**settled, "waiting": version["version"]}
    served = rollout.serve(flow, version, split=split)
    if served.refusal:
        with announced_moves(version["name"]):
            promotion.refuse(version["name"], version["version"], served.refusal, served.run_id)
        return {**settled, "outcome": "refuse", "reason": served.refusal}
    if outcome == verdicts.APPROVAL:
        return {**settled, "waiting": version["version"]}
    evidence = f"{evaluated.run_id} {served.run_id}"
    rollout.promote(flow, version["uri"], reason, evidence, expected_champion)
    return {**settled, "promoted": version["version"]}


def register_candidate(flow: Flow, candidate: str, evidence: str) -> dict[str, str]:
    """Register a candidate that a run did not refuse; return its name, version and URI."""
    verdict = f"runs:/{evidence}/verdict.json"
    registered = flow.run("register", candidate=candidate, verdict=verdict)
    return dict(artifacts.read_json(registered.uri("version.json")))


@dataclass(frozen=True)
class MonitoredPeriod:
    """A period that was monitored.

    Attributes
    ----------
    version : str
        The one in charge.
    table : str
        URI of the table that has its rows.
    decision : dict
        See `longhaul.monitoring.decision`.
    metrics : mapping of str to float
        Of its predictions.
    """

    version: str
    table: str
    decision: dict[str, Any]
    metrics: Mapping[str, float]


def monitor_batch(flow: Flow, name: str, table: str, period: str, engine: str) -> MonitoredPeriod:
    """Score a period, correct its predictions and monitor it.

    Corrections are made of what the model itself gave: it does not matter which one a step `score`
    that is reused has applied. A period that broke the contract is not scored: its breach is the
    evidence.
    """
    version, predicted = version_for_period(name, period), None
    versions.require_whole(name, version)
    model = version_uri(name, version)
    if period not in PeriodTable(artifacts.fetch(table)).breaches:
        scored = flow.run("score", model=model, table=table, period=period, engine=engine)
        predicted = recalibrate(flow, model, scored, table, period)
    predictions = predicted.uri("predictions") if predicted else ""
    decision = monitor(flow, model, predictions, table, period, engine)
    return MonitoredPeriod(version, table, decision, predicted.metrics if predicted else {})


def monitor(
    flow: Flow, model: str, predictions: str, table: str, period: str, engine: str
) -> dict[str, Any]:
    """Monitor a period of a version; return the decision."""
    monitored = flow.run(
        "monitor", model=model, predictions=predictions, table=table, period=period, engine=engine
    )
    return dict(artifacts.read_json(monitored.uri("monitor.json"))["decision"])


def recalibrate(
    flow: Flow, model: str, scored: FinishedStep, table: str, period: str
) -> FinishedStep:
    """Correct a period's predictions; return the step that has those to go on with."""
    if not recalibration.applies(PeriodTable(artifacts.fetch(table)).problem):
        return scored
    predictions = scored.uri("predictions")
    step = flow.run("recalibrate", model=model, predictions=predictions, table=table, period=period)
    record = artifacts.read_json(step.uri(recalibration.RECORD))
    return step if record["rewritten"] else scored


@dataclass(frozen=True)
class Search:
    """The parameters of a search that `retrain` passes on to the step `tune`."""

    trials: int
    minutes: float
    resume: bool
    engine: str


def fit_challenger(
    flow: Flow, champion: str, split: str, seed: int, search: Search | None
) -> FinishedStep:
    """Fit a model of the champion's family: with its settings, or after a search."""
    family = logged_models.load(champion).predictor.family
    if search:
        return flow.run("tune", split=split, family=family, seed=seed, **asdict(search))
    settings = candidates.settings_uri(versions.run_of_version(champion))
    return flow.run("train", split=split, family=family, seed=seed, settings=settings)


@dataclass(frozen=True)
class RetrainingSettings:
    """The parameters that a cycle passes on to the step `retrain`."""

    window: str
    trials: int
    seed: int
    use_cache: bool
    engine: str


def retrain(
    flow: Flow, name: str, version: str, table: str, period: str, settings: RetrainingSettings
) -> dict[str, Any]:
    """Train a challenger on the evidence of a period; return the outcome.

    If one that was trained on it before has taken over since, its outcome is returned instead.
    """
    recorded = ProductionHistory.load(name).retrainings.get(period)
    if recorded is not None and promotion.champion(name) != version:
        return recorded
    problem = PeriodTable(artifacts.fetch(table)).problem
    newest = label_lag.newest_due(period, problem.monitoring.label_lag, problem.length)
    retrained = flow.run(
        "retrain",
        model=version_uri(name, version),
        table=table,
        period=newest,
        **asdict(settings),
    )
    return dict(artifacts.read_json(retrained.uri("retrain.json")))


def _read_text(step: FinishedStep, name: str) -> str:
    return artifacts.fetch(step.uri(name)).read_text(encoding="utf-8")
