"""The challenger that waits in shadow: neither better nor worse than the champion beyond doubt."""

from dataclasses import dataclass

from longhaul.registry import versions
from longhaul.registry.legacy_stages import CHALLENGER
from longhaul.registry.verdict import APPROVAL, UNDECIDED
from longhaul.tracking.tags import LAST_PERIOD_SEEN, LOOKS, OUTCOME, VERDICT


@dataclass(frozen=True)
class WaitingChallenger:
    """Version that is compared with the champion again on later periods.

    Attributes
    ----------
    version : str
    verdict : str
        URI of its newest verdict.
    looks : int
        How often it was compared.
    last_period_seen : str
        The last period that it was fitted or judged on.
    """

    version: str
    verdict: str
    looks: int
    last_period_seen: str


def undecided_or_unapproved(name: str) -> str | None:
    """Return the challenger that another look or somebody's approval may make champion."""
    number = versions.aliases(name).get(CHALLENGER)
    if number and versions.version(name, number).tags.get(OUTCOME) in {UNDECIDED, APPROVAL}:
        return number
    return None


def waiting(name: str) -> WaitingChallenger | None:
    """Return the challenger of a registered model that waits; None where there is none."""
    number = versions.aliases(name).get(CHALLENGER)
    tags = versions.version(name, number).tags if number else {}
    if number is None or tags.get(OUTCOME) != UNDECIDED:
        return None
    return WaitingChallenger(
        number, tags[VERDICT], int(tags.get(LOOKS, 1)), tags.get(LAST_PERIOD_SEEN, "")
    )
