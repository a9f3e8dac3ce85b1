"""Delete old runs that no registered version, ledger or production history references."""

import time

import mlflow

from longhaul.errors import LonghaulError
from longhaul.pipeline.parameters import Days
from longhaul.pipeline.step import step
from longhaul.registry import garbage_collection

DAY = 86_400_000  # milliseconds


@step
def gc(experiment: str, days: Days, apply: bool) -> str:
    """List the runs that can be deleted, and delete them if `apply` says so."""
    declared = mlflow.get_experiment_by_name(experiment)
    if declared is None:
        raise LonghaulError(f"experiment: there is none named {experiment!r} in the tracking store")
    inventory = garbage_collection.take_inventory(declared.experiment_id)
    old = inventory.collectable(int(time.time() * 1000 - days * DAY))
    active = [run for run in old if run.info.lifecycle_stage == "active"]
    listed = [{"run": run.info.run_id, "name": run.info.run_name} for run in active]
    mlflow.log_dict({"runs": listed, "applied": apply}, "gc.json")
    if not apply:
        return (
            f"{len(active):,} of {len(inventory.runs):,} runs would be deleted;"
            " -P apply=true deletes them"
        )
    files = sum(garbage_collection.delete(run) for run in old)
    kept = len(inventory.reachable)
    return f"{len(active):,} runs deleted, with {files:,} artifacts; {kept:,} kept"


if __name__ == "__main__":
    gc()
