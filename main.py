"""The life cycle of a model, from raw data to a champion that has met the months that followed."""

import os
from pathlib import Path
from typing import Any

import click
import mlflow

from longhaul import problem as problems
from longhaul.data import source, table
from longhaul.errors import LonghaulError
from longhaul.learning.families import family
from longhaul.tracking import artifacts, charge, curve, registry
from longhaul.tracking.life import Life
from longhaul.workflow import caller
from longhaul.workflow.flow import Flow
from longhaul.workflow.stage import stage
from longhaul.workflow.terminal import Terminal

PROJECT = Path(__file__).resolve().parent


@stage
@click.option("--problem", required=True, help="A problem file, or the name of one in problems/.")
@click.option("--families", required=True, help="Model families to compare, with commas between.")
@click.option("--trials", required=True, type=click.IntRange(min=1), help="Limit of the search.")
@click.option("--minutes", required=True, type=click.FloatRange(min=0, min_open=True))
@click.option("--seed", required=True, type=click.IntRange(min=0), help="Of everything random.")
@click.option("--resume", required=True, type=bool, help="Reuse finished stages.")
def main(problem: str, families: str, trials: int, minutes: float, seed: int, resume: bool) -> str:
    """Run the whole life cycle; `mlflow run . -e main` is the way to call it."""
    names = [family(name.strip()).name for name in families.split(",")]
    with Terminal() as terminal, Flow(PROJECT, mlflow.active_run(), resume, terminal) as flow:
        search = {"trials": trials, "minutes": minutes, "seed": seed, "resume": resume}
        return life_cycle(flow, caller.problem_file(problem), names, search)


def life_cycle(flow: Flow, path: Path, families: list[str], search: dict[str, Any]) -> str:
    """Chain the stages; each reads what the ones before it wrote, by URI, and nothing else."""
    problem = problems.load(path)
    mlflow.set_tag("mlflow.runName", problem.name)

    # From the raw table to clean periods, and three windows of them.
    ingested = flow.run("ingest", problem=path, state=source.digest(problem, path.parent))
    clean = flow.run("validate", table=ingested.uri("table")).uri("table")
    split = flow.run("split", table=clean).uri("split")

    # Which family of models does best here, and how well can it do?
    cores = os.cpu_count() or 1
    each = {"split": split, "seed": search["seed"], "threads": max(1, cores // len(families))}
    trained = flow.run_each("train", [{**each, "family": name} for name in families], at_once=cores)
    best = min(trained, key=lambda stage: stage.metrics["valid_log_loss"])
    winner = families[trained.index(best)]
    candidate = flow.run("tune", split=split, family=winner, **search).uri("model")

    # Is it good enough, and better than what is in production?
    incumbent = registry.incumbent(problem.name, candidate)
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
    first, last = problem.windows.production
    number = registry.crowned(problem.name, candidate) or registry.champion(problem.name)
    if number is None:
        raise LonghaulError(f"no champion to deploy: {judged.headline}")
    flow.run("deploy", model=f"models:/{problem.name}/{number}", split=split)
    for period in table.periods(artifacts.fetch(clean)):
        if first <= period <= last:
            number = charge.in_charge(problem.name, period)
            inputs = {"problem": path, "table": clean, "period": period, "seed": search["seed"]}
            lived = flow.run("cycle", state=number, **inputs)
            curve.log(flow.parent_id, period, lived.metrics)

    champion = registry.champion(problem.name)
    report = flow.run("report", run=flow.parent_id)
    pages = {"report": (report.run_id, "report.html")}
    if run := Life.read(problem.name).run:
        pages["life"] = (run, "life.html")
    flow.summary(f"{problem.name} version {champion}", judged.headline, pages)
    return f"{problem.name} version {champion} is champion; candidate: {judged.headline}"


if __name__ == "__main__":
    main()
