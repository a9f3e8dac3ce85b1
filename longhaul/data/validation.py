"""Validation of a table: each period checked against the contract, its bad rows quarantined."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from longhaul.data import contract, parquet, periods
from longhaul.data.breaches import PeriodBreach
from longhaul.data.summary import EXAMPLES
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.problem import Contract, Problem

SAMPLE_ROWS = 1000


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

    def breach(self, limit: float) -> PeriodBreach | None:
        """Return the breach of the period as a whole: by a column, or by too many bad rows.

        Parameters
        ----------
        limit : float
            The highest share of bad rows.
        """
        if self.breaches:
            more = f" (and {len(self.breaches) - 1} more)" if self.breaches[1:] else ""
            return PeriodBreach(self.rows, f"column {self.breaches[0]}{more}")
        if len(self.quarantined) > limit * self.rows:
            return PeriodBreach(
                self.rows,
                f"{len(self.quarantined):,} of {self.rows:,} rows break the contract, more than"
                f" contract.quarantine = {limit:.1%} allows: {' | '.join(self._examples())}",
            )
        return None

    def _examples(self) -> list[str]:
        return list(self.quarantined["reason"].head(EXAMPLES))


def require_kept(broken: Mapping[str, PeriodBreach], problem: Problem) -> None:
    """Refuse a breach in a period that models are fitted or judged on.

    Raises
    ------
    LonghaulError
    """
    for label, breach in broken.items():
        if not problem.windows.after_test(label):
            raise LonghaulError(f"period {label}, {breach.reason}")


def summarize(
    source: PeriodTable, checked: Mapping[str, CheckedPeriod], broken: Mapping[str, PeriodBreach]
) -> dict[str, Any]:
    """Summarise the findings of each period as JSON types; ingest has left some periods out."""
    summary = {
        label: {**period.to_dict(), "finding": broken[label].reason if label in broken else ""}
        for label, period in checked.items()
    }
    for label, breach in source.breaches.items():
        unfit = {"breaches": [], "quarantined": breach.rows, "examples": [], "ingested": False}
        summary[label] = {"rows": breach.rows, "duplicates": 0, **unfit, "finding": breach.reason}
    return dict(sorted(summary.items()))


def quarantine(
    source: PeriodTable, checked: Mapping[str, CheckedPeriod], broken: Mapping[str, PeriodBreach]
) -> dict[str, pd.DataFrame]:
    """Collect the bad rows by period, each with its period and its reason.

    Of a period of production that breaks the contract by a whole column, the first rows stand for
    all; the table that was checked has the others.
    """
    collected = {}
    for label, period in checked.items():
        rows = period.quarantined
        if label in broken and period.breaches and source.problem.windows.after_test(label):
            sample = parquet.stream(source.path(label), SAMPLE_ROWS)
            first = [part.to_pandas() for part in islice(sample, 1)]
            rows = pd.concat([*(part.assign(reason=broken[label].reason) for part in first), rows])
        if len(rows):
            rows.insert(len(rows.columns) - 1, "period", label)
            collected[label] = rows
    return collected


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
