"""Give the championship back to the version that held it before."""

import click
import mlflow

from longhaul.pipeline.step import stage
from longhaul.registry import ledger, promotion


@stage
@click.option("--name", required=True, help="The registered model.")
@click.option("--reason", required=True, help="Why, for the ledger.")
def rollback(name: str, reason: str) -> str:
    """Move the alias champion back; keep the ledger as it then is."""
    moved = promotion.rollback(name, reason)
    mlflow.log_dict([line.record() for line in ledger.lines(name)], "ledger.json")
    return f"{name}: version {moved.after} is champion again (was {moved.before})"


if __name__ == "__main__":
    rollback()
