"""Make a version the champion."""

import mlflow

from longhaul.pipeline.step import step
from longhaul.registry import ledger, promotion, versions


@step
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
