"""Validation of a table: each period checked against the contract, its bad rows quarantined."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from longhaul.data import contract, parquet, periods
from longhaul.data.summary import EXAMPLES
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.problem import Contract


@dataclass(frozen=True)
class CheckedPeriod:
    """Findings of a period that was checked against the contract.

    Attributes
    ----------
    rows, duplicates : int
    breaches : tuple of str
        Of whole columns.
    quarantined : DataFrame
        The bad rows, in order, each with its ``reason``.
    """

    rows: int
    duplicates: int
    breaches: tuple[str, ...]
    quarantined: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types, with a few reasons as examples of the bad rows."""
        return {
            "rows": self.rows,
            "duplicates": self.duplicates,
            "breaches": list(self.breaches),
            "quarantined": len(self.quarantined),
            "examples": self._examples(),
        }

    def require_few(self, period: str, limit: float) -> None:
        """Refuse a breach of the contract, and more bad rows than the problem allows.

        Parameters
        ----------
        period : str
            For the error.
        limit : float
            The highest share of bad rows.

        Raises
        ------
        LonghaulError
        """
        if self.breaches:
            more = f" (and {len(self.breaches) - 1} more)" if self.breaches[1:] else ""
            raise LonghaulError(f"period {period}, column {self.breaches[0]}{more}")
        if len(self.quarantined) > limit * self.rows:
            raise LonghaulError(
                f"period {period}: {len(self.quarantined):,} of {self.rows:,} rows break the"
                f" contract, more than contract.quarantine = {limit:.1%} allows:"
                f" {' | '.join(self._examples())}"
            )

    def _examples(self) -> list[str]:
        return list(self.quarantined["reason"].head(EXAMPLES))


def learn(table: PeriodTable, window: list[str]) -> dict[str, Any]:
    """Learn the contract from some periods; see `longhaul.data.contract.learn`."""
    problem, frame = table.problem, table.read(window)
    return contract.learn(frame, periods.of(frame, problem), problem)


def check(
    file: Path, expectations: Mapping[str, Any], limits: Contract, target: Path
) -> CheckedPeriod:
    """Check one period; write its good rows.

    Parameters
    ----------
    file : Path
        The period's rows.
    expectations : mapping
        As `learn` returned them.
    limits : Contract
    target : Path
        The file of the good rows.
    """
    frame = parquet.read(file)
    findings = contract.check(frame, expectations, limits)
    parquet.write(frame.drop(findings.reasons.index), target)
    return CheckedPeriod(
        len(frame),
        int(frame.duplicated().sum()),
        tuple(map(str, findings.breaches)),
        frame.loc[findings.reasons.index].assign(reason=findings.reasons),
    )
