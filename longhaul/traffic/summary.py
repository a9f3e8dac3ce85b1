"""Summary of served periods, kept beside their table: versions, rows, outcomes and losses."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from longhaul.errors import LonghaulError
from longhaul.monitoring.evidence import ServiceLosses

NAME = "traffic.json"


@dataclass(frozen=True)
class ServedPeriod:
    """Counts of a period that a service has answered.

    Attributes
    ----------
    rows : mapping of str to int
        By version, in the order of their first answers.
    labelled : int
        Rows with an outcome.
    in_charge : str
        The champion that answered last: what is decided about the period is about it, not about a
        canary.
    losses : ServiceLosses
    """

    rows: Mapping[str, int]
    labelled: int
    in_charge: str
    losses: ServiceLosses = field(default_factory=ServiceLosses)

    @property
    def total(self) -> int:
        """The number of rows."""
        return sum(self.rows.values())

    @property
    def completeness(self) -> float:
        """The share of the rows with an outcome."""
        return self.labelled / self.total

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Restore the counts from `to_dict`."""
        lost = ServiceLosses(**stored["losses"])
        return cls(stored["rows"], stored["labelled"], stored["in_charge"], lost)


def write(folder: Path, served: Mapping[str, ServedPeriod]) -> None:
    """Write the summary beside a table, by period."""
    stored = {label: counts.to_dict() for label, counts in served.items()}
    folder.joinpath(NAME).write_text(json.dumps(stored, indent=2), encoding="utf-8")


def read(folder: Path) -> dict[str, ServedPeriod]:
    """Read the summary beside a table, by period; nothing where no service has answered."""
    file = folder / NAME
    if not file.exists():
        return {}
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        return {label: ServedPeriod.from_dict(counts) for label, counts in stored.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise LonghaulError(f"{file}: cannot be read: {str(error).splitlines()[0]}") from None
