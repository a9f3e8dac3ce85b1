"""Periods of production that broke the contract: left out of a table, each with the reason."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from longhaul.errors import LonghaulError
from longhaul.problem import Problem

NAME = "breaches.json"


@dataclass(frozen=True)
class PeriodBreach:
    """Finding about a period that broke the contract.

    Attributes
    ----------
    rows : int
        All rows of the period, good and bad.
    reason : str
    """

    rows: int
    reason: str


def read(folder: Path) -> dict[str, PeriodBreach]:
    """Read the breaches beside a table, by period; none where no period broke the contract."""
    file = folder / NAME
    if not file.exists():
        return {}
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        return {label: PeriodBreach(**fields) for label, fields in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise LonghaulError(f"{file}: cannot be read: {str(error).splitlines()[0]}") from None


def write(folder: Path, breaches: Mapping[str, PeriodBreach]) -> None:
    """Write the breaches beside a table, if there are any."""
    if breaches:
        stored = {label: asdict(breach) for label, breach in sorted(breaches.items())}
        text = json.dumps(stored, indent=2, ensure_ascii=False)
        folder.joinpath(NAME).write_text(text, encoding="utf-8")


def of_unfit(
    rows: Mapping[str, int],
    unfit: Mapping[str, int],
    examples: Mapping[str, list[str]],
    problem: Problem,
) -> dict[str, PeriodBreach]:
    """Find the periods of production with too many rows that do not fit their columns.

    Parameters
    ----------
    rows, unfit : mapping of str to int
        By period: all rows, and those that do not fit.
    examples : mapping of str to list of str
        By period: the reasons of a few rows.
    problem : Problem
    """
    return {
        label: PeriodBreach(rows[label], describe_unfit(bad, rows[label], examples[label], problem))
        for label, bad in unfit.items()
        if problem.windows.after_test(label) and bad > problem.contract.quarantine * rows[label]
    }


def describe_unfit(unfit: int, rows: int, examples: list[str], problem: Problem) -> str:
    """Describe in one line that more rows do not fit than the problem allows."""
    return (
        f"{unfit:,} of {rows:,} rows have a value that does not fit its column, more than"
        f" contract.quarantine = {problem.contract.quarantine:.1%} allows: {' | '.join(examples)}"
    )
