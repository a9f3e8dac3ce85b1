"""Canary: a version that answers a share of the requests, before it may become champion.

The alias ``canary`` names the version; a tag of the registered model holds the share, which
services follow as they follow the champion. Each move is a line of the ledger.
"""

import json
import time
from dataclasses import asdict, dataclass
from typing import get_args

import mlflow

from longhaul.errors import LonghaulError
from longhaul.registry import ledger, versions
from longhaul.registry.ledger import NONE, CanaryMove, LedgerLine
from longhaul.registry.legacy_stages import CHAMPION
from longhaul.registry.lock import lock
from longhaul.tracking.tags import CANARY_SHARE

CANARY = "canary"


@dataclass(frozen=True)
class Canary:
    """Version that answers a share of the requests.

    Attributes
    ----------
    version : str
    share : float
        Of the requests, above 0 and below 1.
    since : float
        When it got this share, in seconds since 1970.
    line : str
        Key of the ledger's line about it.
    """

    version: str
    share: float
    since: float
    line: str


def current(name: str) -> Canary | None:
    """Return the canary of a registered model; None where there is none."""
    model = versions.find_model(name)
    stored = model.tags.get(CANARY_SHARE, "") if model else ""
    return Canary(**json.loads(stored)) if stored else None


def begin(name: str, number: str, share: float, reason: str, evidence: str) -> bool:
    """Give a version a share of the requests; return False where it has that share already.

    Raises
    ------
    LonghaulError
        When it is champion, there is no champion, another version is canary, or it is not ready.
    """
    ledger.check_texts(reason, evidence)
    versions.require_ready(name, number)
    with lock(name):
        settle(name)
        champion, before = versions.aliases(name).get(CHAMPION), current(name)
        if champion is None:
            raise LonghaulError(f"{name}: there is no champion beside which a canary could answer")
        if champion == number:
            raise LonghaulError(f"{name}: version {number} is champion, and answers all requests")
        if before and before.version != number:
            raise LonghaulError(
                f"{name}: version {before.version} is canary; take it back first, with share=0"
            )
        if before and before.share == share:
            return False
        move: CanaryMove = "canary grow" if before else "canary begin"
        text = f"share {before.share if before else 0:g} to {share:g}: {reason}"
        _change(name, move, number, share, text, evidence)
    return True


def end(name: str, number: str, reason: str, evidence: str) -> bool:
    """Take a canary's share back; return False where that version is no canary."""
    ledger.check_texts(reason, evidence)
    with lock(name):
        settle(name)
        before = current(name)
        if before is None or before.version != number:
            return False
        _change(name, "canary end", number, 0.0, f"share {before.share:g} to 0: {reason}", evidence)
    return True


def settle(name: str) -> None:
    """Complete or void the interrupted lines about canaries; call it under the lock."""
    stored = current(name)
    for line in ledger.lines(name):
        if line.state != "started" or line.move not in get_args(CanaryMove):
            continue
        is_done = stored is None if line.move == "canary end" else _is_of(stored, line)
        ledger.end(name, line, "done" if is_done else "void")


def clear(name: str) -> None:
    """Remove alias and share, where a champion's move has ended the canary; under the lock."""
    client = mlflow.MlflowClient()
    if current(name) is not None:
        client.delete_registered_model_tag(name, CANARY_SHARE)
    if CANARY in versions.aliases(name):
        client.delete_registered_model_alias(name, CANARY)


def _is_of(stored: Canary | None, line: LedgerLine) -> bool:
    return stored is not None and stored.line == line.key


def _change(
    name: str, move: CanaryMove, number: str, share: float, reason: str, evidence: str
) -> None:
    """Move the share between the two writes of the ledger; call it under the lock."""
    champion = versions.aliases(name).get(CHAMPION, NONE)
    text = reason[: ledger.REASON_LENGTH]
    who = ledger.current_user()
    line = ledger.begin(name, LedgerLine("", who, move, champion, number, text, evidence))
    if share:
        client = mlflow.MlflowClient()
        client.set_registered_model_alias(name, CANARY, number)
        stored = Canary(number, share, time.time(), line.key)
        client.set_registered_model_tag(name, CANARY_SHARE, json.dumps(asdict(stored)))
    else:
        clear(name)
    ledger.end(name, line, "done")
