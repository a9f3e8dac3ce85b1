"""Make the previous champion of a registered model the champion again."""

import mlflow

from longhaul.pipeline.step import step
from longhaul.production.announcements import announced_moves
from longhaul.registry import ledger, promotion


@step
def rollback(name: str, reason: str) -> str:
    """Move the alias champion back, and log the ledger."""
    with announced_moves(name):
        moved = promotion.rollback(name, reason)
    mlflow.log_dict([line.to_dict() for line in ledger.lines(name)], "ledger.json")
    return f"{name}: version {moved.after} is champion again (was {moved.before})"


if __name__ == "__main__":
    rollback()
