"""Make a version the champion."""

import click
import mlflow

from longhaul.pipeline.step import stage
from longhaul.registry import ledger, promotion, versions


@stage
@click.option("--model", required=True, help="models:/<name>/<version> or models:/<name>@<alias>.")
@click.option("--reason", required=True, help="Why, for the ledger.")
@click.option("--evidence", required=True, help="The run that speaks for it; may be empty.")
@click.option("--replaces", required=True, help="What must be champion now: a number, none or any.")
def promote(model: str, reason: str, evidence: str, replaces: str) -> str:
    """Move the alias champion; keep the ledger as it then is."""
    name, version = versions.resolve(model)
    moved = promotion.promote(name, version, reason, evidence, replaces)
    mlflow.log_dict([line.record() for line in ledger.lines(name)], "ledger.json")
    if moved.before == moved.after != version:
        return f"{name}: version {version} was champion before version {moved.after}"
    if moved.before == moved.after:
        return f"{name}: version {version} is champion already"
    return f"{name}: version {moved.after} is champion (was {moved.before})"


if __name__ == "__main__":
    promote()
