"""The life cycle of a model, from raw data to a champion that has met the months that followed."""

import os
from pathlib import Path
from typing import Any

import click
import mlflow

from longhaul import problem as problems
from longhaul.data import problem_copy, sources
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.estimators.families import family
from longhaul.estimators.families.custom import load_families
from longhaul.pipeline import caller
from longhaul.pipeline.flow import Flow
from longhaul.pipeline.parameters import Engine, Minutes, Seed, Trials
from longhaul.pipeline.step import step
from longhaul.pipeline.terminal import Terminal
from longhaul.production import period_metrics, version_for_period
from longhaul.production.history import ProductionHistory
from longhaul.registry import promotion
from longhaul.scaffold import problem_file
from longhaul.tracking import artifacts

PROJECT = Path(__file__).resolve().parent


@step
def main(
    problem: str,
    data: str,
    target: str,
    query: str,
    families: str,
    trials: Trials,
    minutes: Minutes,
    seed: Seed,
    resume: bool,
    engine: Engine,
) -> str:
    """Run the whole life cycle; `mlflow run . -e main` is the way to call it."""
    names = [name.strip() for name in families.split(",")]
    with Terminal() as terminal, Flow(PROJECT, mlflow.active_run(), resume, terminal) as flow:
        limits = {"trials": trials, "minutes": minutes, "resume": resume}
        search: dict[str, Any] = {**limits, "seed": seed, "engine": engine}
        path = declare(flow, data, target, query) if data else caller.problem_file(problem)
        return life_cycle(flow, path, names, search)


def declare(flow: Flow, data: str, target: str, query: str) -> Path:
    """Make a problem file of a table, where the caller is."""
    folder = caller.folder()
    path = folder / problem_file.file_name(data)
    data = str(folder / data) if sources.is_path(data) else data
    state = sources.fingerprint(data, query, folder, artifacts.fetch)
    table_of = {"data": data, "target": target, "query": query}
    started = flow.run("start", **table_of, problem=path, state=state)
    declared, decisions = (
        artifacts.fetch(started.uri(name)).read_text(encoding="utf-8")
        for name in ("problem.yaml", "decisions.txt")
    )
    problem_file.write(path, declared)  # the stage may have been reused
    click.echo(decisions)
    return path


def life_cycle(flow: Flow, path: Path, families: list[str], search: dict[str, Any]) -> str:
    """Chain the stages; each reads what the ones before it wrote, by URI, and nothing else."""
    problem = problems.load(path)
    own = problem_copy.family_files(problem, path.parent)
    families = list(
        dict.fromkeys(
            [*(family(name, own).name for name in families), *(one.name for one in load_families(own))]
        )
    )
    mlflow.set_tag("mlflow.runName", problem.name)

    # From the raw table to clean periods, and three windows of them.
    state = sources.digest(problem, path.parent, artifacts.fetch)
    engine = search["engine"]
    ingested = flow.run("ingest", problem=path, engine=engine, state=state)
    clean = flow.run("validate", table=ingested.uri("table"), engine=engine).uri("table")
    split = flow.run("split", table=clean).uri("split")

    # Which family of models does best here, and how well can it do?
    cores = os.cpu_count() or 1
    each = {"split": split, "seed": search["seed"], "threads": max(1, cores // len(families))}
    trained = flow.run_each("train", [{**each, "family": name} for name in families], at_once=cores)
    best = min(trained, key=lambda stage: stage.metrics["valid_loss"])
    winner = families[trained.index(best)]
    candidate = flow.run("tune", split=split, family=winner, **search).uri("model")

    # Is it good enough, and better than what is in production?
    incumbent = promotion.incumbent(problem.name, candidate)
    rival = "" if incumbent == "none" else f"models:/{problem.name}/{incumbent}"
    judged = flow.run(
        "evaluate", candidate=candidate, champion=rival, split=split, seed=search["seed"]
    )
    mlflow.log_metrics(dict(judged.metrics))
    verdict = judged.uri("verdict.json")
    if artifacts.read_json(verdict)["passed"]:
        registered = flow.run("register", candidate=candidate, verdict=verdict)
        version = artifacts.read_json(registered.uri("version.json"))["uri"]
        evidence = {"reason": judged.headline, "evidence": judged.run_id}
        flow.run("promote", model=version, replaces=incumbent, **evidence)

    # Into production, and through the periods that follow, each with the champion of its time.
    number = promotion.promoted_version(problem.name, candidate) or promotion.champion(problem.name)
    if number is None:
        raise LonghaulError(f"no champion to deploy: {judged.headline}")
    flow.run("deploy", model=f"models:/{problem.name}/{number}", split=split)
    common = {"seed": search["seed"], "engine": engine}
    for period in PeriodTable(artifacts.fetch(clean)).periods:
        if problem.windows.in_production(period):
            number = version_for_period.version_for_period(problem.name, period)
            inputs = {"problem": path, "table": clean, "period": period, **common}
            lived = flow.run("cycle", state=number, **inputs)
            period_metrics.log(flow.parent_id, period, lived.metrics)

    champion = promotion.champion(problem.name)
    report = flow.run("report", run=flow.parent_id)
    pages = {"report": (report.run_id, "report.html")}
    if run := ProductionHistory.read(problem.name).run:
        pages["life"] = (run, "life.html")
    flow.summary(f"{problem.name} version {champion}", judged.headline, pages)
    return f"{problem.name} version {champion} is champion; candidate: {judged.headline}"


if __name__ == "__main__":
    main()
