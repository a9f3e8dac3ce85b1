"""Sequences of steps that `main` and composite steps run."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from longhaul.data import label_lag, periods, sources
from longhaul.data.table import PeriodTable
from longhaul.pipeline import caller
from longhaul.pipeline.flow import FinishedStep, Flow
from longhaul.production.history import ProductionHistory
from longhaul.registry import promotion, versions
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
    """Train each family, side by side; return the one with the lowest validation loss."""
    cores = os.cpu_count() or 1
    threads = max(1, cores // len(families))
    trained = flow.run_each(
        "train",
        [
            {"split": split, "family": family, "seed": seed, "threads": threads}
            for family in families
        ],
        at_once=cores,
    )
    losses = [step.metrics["valid_loss"] for step in trained]
    return families[losses.index(min(losses))]


def promote_candidate(
    flow: Flow, candidate: str, evaluated: FinishedStep, reason: str, expected_champion: str
) -> str:
    """Register a candidate that passed the gate and make it champion; return its version.

    Parameters
    ----------
    flow : Flow
    candidate : str
        URI of the model.
    evaluated : FinishedStep
        The step that judged it; the ledger names its run as evidence.
    reason : str
        For the ledger.
    expected_champion : str
        The version that must be champion now, ``"none"`` or ``"any"``.
    """
    verdict = evaluated.uri("verdict.json")
    registered = flow.run("register", candidate=candidate, verdict=verdict)
    version = artifacts.read_json(registered.uri("version.json"))
    flow.run(
        "promote",
        model=version["uri"],
        reason=reason,
        evidence=evaluated.run_id,
        expected_champion=expected_champion,
    )
    return str(version["version"])


def score_and_monitor(
    flow: Flow, model: str, table: str, period: str, engine: str
) -> tuple[Mapping[str, float], dict[str, Any]]:
    """Score a period and monitor it; return its metrics, and the decision.

    A period that broke the contract is not scored: its breach is the evidence.
    """
    predictions, metrics = "", {}
    if period not in PeriodTable(artifacts.fetch(table)).breaches:
        scored = flow.run("score", model=model, table=table, period=period, engine=engine)
        predictions, metrics = scored.uri("predictions"), dict(scored.metrics)
    monitored = flow.run(
        "monitor",
        model=model,
        predictions=predictions,
        table=table,
        period=period,
        engine=engine,
    )
    return metrics, artifacts.read_json(monitored.uri("monitor.json"))["decision"]


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
    lag = label_lag.in_periods(problem.monitoring.label_lag, problem.length)
    retrained = flow.run(
        "retrain",
        model=version_uri(name, version),
        table=table,
        period=periods.shift(period, -lag),  # the newest one with labels
        **asdict(settings),
    )
    return dict(artifacts.read_json(retrained.uri("retrain.json")))


def _read_text(step: FinishedStep, name: str) -> str:
    return artifacts.fetch(step.uri(name)).read_text(encoding="utf-8")
