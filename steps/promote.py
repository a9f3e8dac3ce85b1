"""Promote a version of a registered model to champion, or to canary with a share of requests."""

import mlflow

from longhaul.pipeline.parameters import ClosedShare
from longhaul.pipeline.step import step
from longhaul.production.announcements import announced_moves
from longhaul.registry import canary, ledger, promotion, versions


@step
def promote(
    model: str, reason: str, evidence: str, expected_champion: str, share: ClosedShare
) -> str:
    """Move the alias champion, or a canary's share, and log the ledger."""
    name, version = versions.resolve(model)
    if share < 1:
        with announced_moves(name):
            return _share(name, version, share, reason, evidence)
    with announced_moves(name):
        moved = promotion.promote(name, version, reason, evidence, expected_champion)
    mlflow.log_dict([line.to_dict() for line in ledger.lines(name)], "ledger.json")
    if moved.before == moved.after != version:
        return f"{name}: version {version} was champion before version {moved.after}"
    if moved.before == moved.after:
        return f"{name}: version {version} is champion already"
    return f"{name}: version {moved.after} is champion (was {moved.before})"


def _share(name: str, version: str, share: float, reason: str, evidence: str) -> str:
    """Give a version a share of the requests, or take it back."""
    if share:
        is_new = canary.begin(name, version, share, reason, evidence)
        text = f"{name}: version {version} {'answers' if is_new else 'answered already'}"
        text += f" {share:.0%} of the requests as canary"
    else:
        is_new = canary.end(name, version, reason, evidence)
        text = f"{name}: version {version} {'is' if is_new else 'was'} no canary any more"
    mlflow.log_dict([line.to_dict() for line in ledger.lines(name)], "ledger.json")
    return text


if __name__ == "__main__":
    promote()
