"""Refuse the challenger of a registered model."""

import mlflow

from longhaul.errors import LonghaulError
from longhaul.pipeline.step import step
from longhaul.production.announcements import announced_moves
from longhaul.registry import ledger, promotion, versions


@step
def refuse(model: str, reason: str, evidence: str) -> str:
    """Take the alias challenger away, and log the ledger."""
    name, version = versions.resolve(model)
    with announced_moves(name):
        is_refused = promotion.refuse(name, version, reason, evidence)
    if not is_refused:
        raise LonghaulError(
            f"{name}: version {version} is not the challenger; nothing was changed; a champion is"
            " replaced by promote or rollback"
        )
    mlflow.log_dict([line.to_dict() for line in ledger.lines(name)], "ledger.json")
    return f"{name}: version {version} is refused"


if __name__ == "__main__":
    refuse()
