"""Promote a version of a registered model to champion."""

import mlflow

from longhaul.pipeline.step import step
from longhaul.registry import ledger, promotion, versions


@step
def promote(model: str, reason: str, evidence: str, expected_champion: str) -> str:
    """Move the alias champion, and log the ledger."""
    name, version = versions.resolve(model)
    moved = promotion.promote(name, version, reason, evidence, expected_champion)
    mlflow.log_dict([line.to_dict() for line in ledger.lines(name)], "ledger.json")
    if moved.before == moved.after != version:
        return f"{name}: version {version} was champion before version {moved.after}"
    if moved.before == moved.after:
        return f"{name}: version {version} is champion already"
    return f"{name}: version {moved.after} is champion (was {moved.before})"


if __name__ == "__main__":
    promote()
