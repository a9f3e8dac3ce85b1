"""Delete what nothing leads back to any more."""

import time

import mlflow

from longhaul.errors import LonghaulError
from longhaul.pipeline.parameters import Days
from longhaul.pipeline.step import step
from longhaul.registry import garbage_collection

DAY = 86_400_000  # milliseconds


@step
def clean(experiment: str, days: Days, apply: bool) -> str:
    """Delete old runs that no registered version, ledger or life leads back to."""
    found = mlflow.get_experiment_by_name(experiment)
    if found is None:
        raise LonghaulError(f"experiment: there is no {experiment!r}")
    inventory = garbage_collection.take_inventory(found.experiment_id)
    old = inventory.collectable(int(time.time() * 1000 - days * DAY))
    active = [run for run in old if run.info.lifecycle_stage == "active"]
    listed = [{"run": run.info.run_id, "name": run.info.run_name} for run in active]
    mlflow.log_dict({"runs": listed, "applied": apply}, "clean.json")
    if not apply:
        return f"{len(active):,} of {len(inventory.runs):,} runs would go; -P apply=true deletes"
    files = sum(garbage_collection.delete(run) for run in old)
    return f"{len(active):,} runs deleted, with {files:,} artifacts; {len(inventory.reachable):,} kept"


if __name__ == "__main__":
    clean()
