"""Give the championship back to the version that held it before."""

import mlflow

from longhaul.pipeline.step import step
from longhaul.registry import ledger, promotion


@step
def rollback(name: str, reason: str) -> str:
    """Move the alias champion back; keep the ledger as it then is."""
    moved = promotion.rollback(name, reason)
    mlflow.log_dict([line.record() for line in ledger.lines(name)], "ledger.json")
    return f"{name}: version {moved.after} is champion again (was {moved.before})"


if __name__ == "__main__":
    rollback()
