"""What a benchmark found, as rows of one table."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes
    ----------
    what : str
        Was measured, with its unit.
    ours, other : str
        Both figures.
    ratio : str
        Of the two, and what it is a ratio of.
    goal : str
        What was aimed at, and whether it was met; empty where nothing was.
    """

    what: str
    ours: str
    other: str = ""
    ratio: str = ""
    goal: str = ""


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a table."""
    lines = ["| measured | Longhaul | other | ratio | goal |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {r.what} | {r.ours} | {r.other} | {r.ratio} | {r.goal} |" for r in rows]
    return "\n".join(lines)


def met(ratio: float, bound: float, most: bool = False) -> str:
    """Whether a ratio keeps its bound: at least that, or at most."""
    good = ratio <= bound if most else ratio >= bound
    return f"{'≤' if most else '≥'} {bound:g}: {'met' if good else '**missed**'}"
