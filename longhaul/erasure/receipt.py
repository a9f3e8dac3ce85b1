"""Receipt of an erasure: a line of the ledger with who, when, why and counts, and no value.

Nor a hash of the value: one without a key is reversed by trying all customers, and one with a key
that nobody keeps proves nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from longhaul.erasure.person import Person
from longhaul.errors import LonghaulError
from longhaul.registry import ledger, promotion, versions
from longhaul.registry.ledger import NONE, LedgerLine
from longhaul.registry.lock import lock
from longhaul.tracking.tags import LAST_PERIOD_SEEN

_MOST_VERSIONS = 50  # that the ledger lists; the run has all of them


@dataclass(frozen=True)
class Receipt:
    """Counts of rows that were taken out, and places that still have something.

    Attributes
    ----------
    key : str
        The column.
    counts : mapping of str to int
        By what was taken out.
    versions : list of str
        Those that learned from the rows: they stay as they are.
    left : list of str
        Files that still hold a value.
    """

    key: str
    counts: Mapping[str, int]
    versions: list[str]
    left: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return asdict(self)

    @property
    def headline(self) -> str:
        """One line that says what was done, and what not."""
        parts = [f"{count:,} {kind}" for kind, count in self.counts.items() if count]
        text = f"taken out: {', '.join(parts) or 'nothing, there was none'}"
        if self.versions:
            text += f"; learned from it and stay: versions {', '.join(self.versions)}"
        return f"{text}; {len(self.left)} files still hold it" if self.left else text


def check_reason(reason: str, person: Person) -> None:
    """Refuse a reason that the ledger cannot store, or that names the person.

    Raises
    ------
    LonghaulError
    """
    ledger.check_texts(reason)
    if person.words.search(reason):
        raise LonghaulError("reason: it names the person, and the ledger keeps it; leave that out")


def versions_that_learned(name: str, periods: Collection[str]) -> list[str]:
    """List the versions of a model that may have learned from rows of some periods."""
    learned = [
        str(version.version)
        for version in versions.all_versions(name)
        if periods and version.tags.get(LAST_PERIOD_SEEN, max(periods)) >= min(periods)
    ]
    return sorted(learned, key=int)


def record(name: str, receipt: Receipt, reason: str, evidence: str) -> None:
    """Record a receipt in the ledger of a registered model, which is created where there is none.

    Parameters
    ----------
    name : str
    receipt : Receipt
    reason, evidence : str
        See `LedgerLine`.
    """
    with lock(name):
        versions.create_model(name)
        champion = promotion.champion(name) or NONE
        line = LedgerLine(
            when="",
            who=ledger.current_user(),
            move="forget",
            before=champion,
            after=champion,
            reason=reason,
            evidence=evidence,
            state="done",
            receipt={
                "key": receipt.key,
                "counts": {kind: count for kind, count in receipt.counts.items() if count},
                "versions": receipt.versions[:_MOST_VERSIONS],
                "left": len(receipt.left),
            },
        )
        ledger.begin(name, line)
