"""Amendments of the data contract, as lines of the ledger of the registered model."""

import hashlib
import json

from longhaul.data.amendments import Amendment
from longhaul.registry import ledger, promotion, versions
from longhaul.registry.ledger import NONE, LedgerLine
from longhaul.registry.lock import lock


def load(name: str) -> list[Amendment]:
    """Load the amendments of a problem's contract, oldest first."""
    stored = [line.amendment for line in ledger.lines(name)]
    return [Amendment.from_dict(amendment) for amendment in stored if amendment]


def digest(name: str) -> str:
    """Digest the amendments of a problem's contract; empty where there are none."""
    amendments = [amendment.to_dict() for amendment in load(name)]
    text = json.dumps(amendments, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest() if amendments else ""


def record(name: str, amendment: Amendment, reason: str, evidence: str) -> bool:
    """Record an amendment in the ledger; return whether it is new.

    Parameters
    ----------
    name : str
        The registered model; it is created where there is none yet.
    amendment : Amendment
    reason : str
        Why these values are accepted.
    evidence : str
        Id of the run that accepts them.

    Raises
    ------
    LonghaulError
        When the reason is empty, or with the values too long.
    """
    ledger.check_texts(reason)
    described = f"{amendment}: {reason}"
    ledger.check_texts(described, evidence)
    with lock(name):
        if amendment in load(name):
            return False
        versions.create_model(name)
        champion = promotion.champion(name) or NONE
        line = LedgerLine(
            when="",
            who=ledger.current_user(),
            move="accept",
            before=champion,
            after=champion,
            reason=described,
            evidence=evidence,
            state="done",
            amendment=amendment.to_dict(),
        )
        ledger.begin(name, line)
    return True
