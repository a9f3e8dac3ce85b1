"""Delete old runs that nothing references, and rows that are older than a problem keeps them."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import mlflow

from longhaul import problem_yaml
from longhaul.errors import LonghaulError
from longhaul.pipeline import caller
from longhaul.pipeline.parameters import Days
from longhaul.pipeline.step import step
from longhaul.problem import Problem
from longhaul.production import scored_retention
from longhaul.registry import garbage_collection
from longhaul.traffic import log_retention

DAY = 86_400_000  # milliseconds


@step
def gc(experiment: str, days: Days, problem: str, log: str, apply: bool) -> str:
    """List what can be deleted, and delete it if `apply` says so."""
    if log and not problem:
        raise LonghaulError("log: the problem declares how long it is kept; give problem, too")
    expired = {}
    if problem:
        declared = problem_yaml.load(caller.problem_file(problem))
        expired = _hold_retention(declared, caller.folder() / log if log else None, apply)
    runs, headline = _collect(experiment, days, apply)
    mlflow.log_dict({"runs": runs, "expired": expired, "applied": apply}, "gc.json")
    return headline


def _collect(experiment: str, days: float, apply: bool) -> tuple[list[dict[str, Any]], str]:
    """List the runs that nothing references, or delete them."""
    declared = mlflow.get_experiment_by_name(experiment)
    if declared is None:
        raise LonghaulError(f"experiment: there is none named {experiment!r} in the tracking store")
    inventory = garbage_collection.take_inventory(declared.experiment_id)
    old = inventory.collectable(int(time.time() * 1000 - days * DAY))
    active = [run for run in old if run.info.lifecycle_stage == "active"]
    listed = [{"run": run.info.run_id, "name": run.info.run_name} for run in active]
    if not apply:
        return listed, (
            f"{len(active):,} of {len(inventory.runs):,} runs would be deleted;"
            " -P apply=true deletes them"
        )
    files = sum(garbage_collection.delete(run) for run in old)
    kept = len(inventory.reachable)
    return listed, f"{len(active):,} runs deleted, with {files:,} artifacts; {kept:,} kept"


def _hold_retention(problem: Problem, log: Path | None, apply: bool) -> dict[str, int]:
    """Count what is older than the problem keeps it, a line for each kind, or delete it."""
    counts = {}
    if log is not None:
        if not log.is_dir():
            raise LonghaulError(f"log: there is no folder {log}; serve calls it record")
        files = log_retention.expired(log, problem, datetime.now(UTC).date())
        counts = {f"log {name}": len(listed) for name, listed in files.items()}
        if apply:
            log_retention.delete(files)
    if problem.retention.scored is not None:
        before = int(time.time() * 1000 - problem.retention.scored * DAY)
        scored = scored_retention.expired(problem.name, before)
        counts["scored"] = len(scored)
        for stored in scored if apply else []:
            stored.delete()
    for kind, count in counts.items():
        unit = "folders" if kind == "scored" else "files"
        click.echo(f"{kind}: {count:,} {unit} {'deleted' if apply else 'would be deleted'}")
    return counts


if __name__ == "__main__":
    gc()
