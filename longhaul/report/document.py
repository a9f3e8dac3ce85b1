"""Document model of a report, independent of the format: sections of tables and pictures.

A cell with a number also has the address of the run that the number comes from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from longhaul.report import template


@dataclass(frozen=True)
class Cell:
    """One field of a table.

    Attributes
    ----------
    text : str
    href : str
        Address of its source; empty for none.
    number : bool
        Whether it is a number, to be aligned to the right.
    tone : str
        "good", "bad", or the level of a decision; empty otherwise.
    """

    text: str
    href: str = ""
    number: bool = False
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    headers : sequence of str
        Empty for a table of names and values.
    rows : sequence of sequence of Cell
    summary : str
        The label of a long table that is collapsed at first; empty for others.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    summary: str = ""

    def numeric(self, column: int) -> bool:
        """Return whether a column holds numbers."""
        return any(row[column].number for row in self.rows)


@dataclass(frozen=True)
class Picture:
    """A picture: its title, and a PNG as a data URI."""

    title: str
    uri: str


@dataclass(frozen=True)
class Section:
    """A titled part of a report.

    Attributes
    ----------
    title : str
    intro : str
        A sentence or two before the tables and pictures.
    tables : sequence of Table
    pictures : sequence of Picture
    """

    title: str
    intro: str = ""
    tables: Sequence[Table] = field(default_factory=tuple)
    pictures: Sequence[Picture] = field(default_factory=tuple)


def number_cell(value: Any, href: str, tone: str = "") -> Cell:
    """Return a cell with a formatted number and its source; a dash for None."""
    return Cell(template.figure(value), href, True, tone)


def duration_cell(value: float | None, href: str) -> Cell:
    """Return a cell with a duration."""
    return Cell(template.duration(value), href, True)


def text_cell(text: Any, href: str = "", tone: str = "") -> Cell:
    """Return a cell with text; a dash for none."""
    return Cell("–" if text in (None, "") else str(text), href, False, tone)


def name_value_table(rows: Sequence[tuple[str, Cell]]) -> Table:
    """Return a table of names and values."""
    return Table((), [(text_cell(name), value) for name, value in rows])
