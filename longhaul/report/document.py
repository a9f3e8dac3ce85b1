"""What a report is made of, whatever it is written in: sections of tables and pictures.

A number is a cell with the address of the run that it is from, so that none is without.
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
        Where it is from; empty where it is a name.
    number : bool
        Whether it stands on the right.
    tone : str
        "good", "bad", or the level of a decision; empty for all else.
    """

    text: str
    href: str = ""
    number_cell: bool = False
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    heads : sequence of str
        Empty for a list of names and values.
    rows : sequence of sequence of Cell
    folded : str
        What it is, where it is long and opened by who wants it.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    folded: str = ""

    def numeric(self, column: int) -> bool:
        """Whether a column is one of numbers."""
        return any(row[column].number for row in self.rows)


@dataclass(frozen=True)
class Picture:
    """A picture: what it shows, and a PNG as a data URI."""

    title: str
    uri: str


@dataclass(frozen=True)
class Section:
    """A part of a report under a title of its own.

    Attributes
    ----------
    title : str
    lead : str
        A few words on what is to be seen.
    tables : sequence of Table
    pictures : sequence of Picture
    """

    title: str
    lead: str = ""
    tables: Sequence[Table] = field(default_factory=tuple)
    pictures: Sequence[Picture] = field(default_factory=tuple)


def number_cell(value: Any, href: str, tone: str = "") -> Cell:
    """A number as a reader wants it, with where it is from; a dash where there is none."""
    return Cell(template.figure(value), href, True, tone)


def duration_cell(value: float | None, href: str) -> Cell:
    """A time that something took."""
    return Cell(template.duration(value), href, True)


def text_cell(text: Any, href: str = "", tone: str = "") -> Cell:
    """Words, or nothing."""
    return Cell("–" if text in (None, "") else str(text), href, False, tone)


def name_value_table(rows: Sequence[tuple[str, Cell]]) -> Table:
    """A list of names and values."""
    return Table((), [(text_cell(name), value) for name, value in rows])
