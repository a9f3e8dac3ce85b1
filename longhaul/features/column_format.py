"""Format of a column: how its values are read, by a table's reader, Spark and service alike.

The text of a format is what stands under ``columns`` in a problem file: ``number 1.234,56``,
``date %d/%m/%Y in Europe/Berlin``, ``category keep NA``, ``number blank refused, -99``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from math import inf
from typing import Any

from longhaul.errors import LonghaulError
from longhaul.features import blanks, date_format, number_format
from longhaul.features.date_format import DateFormat
from longhaul.features.number_format import PLAIN, NumberFormat

NUMBER, CATEGORY, DATE = "number", "category", "date"
BLANKS = {NUMBER: blanks.NO_NUMBER, CATEGORY: blanks.BLANK, DATE: blanks.NO_DATE}
_ENDLESS = {"inf": inf, "infinity": inf, "-inf": -inf, "-infinity": -inf}
_CLAUSES = re.compile(
    r"(?P<body>.*?)(?: blank (?P<blank>.+?))?(?: keep (?P<keep>.+?))?(?: blank (?P<more>.+))?",
    re.DOTALL,
)


@dataclass(frozen=True)
class ColumnFormat:
    """Format of a column.

    Attributes
    ----------
    column_type : {"number", "category", "date"}
    number : NumberFormat
    date : DateFormat
    blank : tuple of str
        Words that stand for a missing value in this column, beside the usual ones.
    keep : tuple of str
        Usual words for a missing value that are values in this column.
    """

    column_type: str
    number: NumberFormat = PLAIN
    date: DateFormat = field(default_factory=DateFormat)
    blank: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    @cached_property
    def blanks(self) -> frozenset[str]:
        """All words that stand for a missing value, in lower case."""
        usual = BLANKS[self.column_type] | {blanks.key(word) for word in self.blank}
        return usual - {blanks.key(word) for word in self.keep}

    @cached_property
    def blank_numbers(self) -> frozenset[float]:
        """The numbers that stand for a missing value, such as -99, and infinity."""
        words = {blanks.key(word) for word in self.blank}
        read = {self.number.parse(word) for word in self.blank}
        endless = {sign for word, sign in _ENDLESS.items() if word in words}
        return frozenset({value for value in read if value is not None} | endless)

    def is_blank(self, text: str) -> bool:
        """Return whether a text stands for a missing value."""
        return len(text.strip()) <= self._longest_blank and blanks.key(text) in self.blanks

    @cached_property
    def _longest_blank(self) -> int:
        return max(map(len, self.blanks))

    def number_of(self, value: Any) -> float | None:
        """Convert a value to a number; None if it is none in this format."""
        if isinstance(value, str):
            number = self.number.parse(value)
        else:
            try:
                number = float(value)
            except (TypeError, ValueError, OverflowError):
                return None
        return None if self.blank and number in self.blank_numbers else number

    def is_missing(self, value: Any) -> bool:
        """Return whether a value is missing: none, NaN, or a word or number that is a blank."""
        if value is None or value != value:
            return True
        if isinstance(value, str):
            return self.is_blank(value)
        return bool(self.blank) and value in self.blank_numbers

    def time_of(self, value: Any) -> datetime | None:
        """Convert a value to a time; None if it is none in this format."""
        return self.date.parse(value)

    @property
    def is_plain(self) -> bool:
        """Return whether nothing but the type is said."""
        return str(self) == self.column_type

    def in_zone(self, zone: str) -> "ColumnFormat":
        """Return the format of times with a zone, unless it has one of its own."""
        if self.column_type != DATE or self.date.zone or not zone:
            return self
        return replace(self, date=replace(self.date, zone=zone))

    @property
    def expected(self) -> str:
        """Describe the values of the column for an error."""
        if self.column_type == NUMBER:
            example = str(self.number)
            return f"a number such as {example}" if example else "a number"
        if self.column_type == DATE:
            spellings = [
                spelling for spelling in self.date.spellings if spelling != date_format.ISO
            ]
            listed = ", ".join([*spellings, "ISO 8601"])
            return f"a time: {listed}, or a number of milliseconds since 1970"
        return "a text"

    def __str__(self) -> str:
        body = {NUMBER: str(self.number), DATE: str(self.date)}.get(self.column_type, "")
        clauses = [self.column_type, body]
        clauses += [f"blank {', '.join(self.blank)}"] if self.blank else []
        clauses += [f"keep {', '.join(self.keep)}"] if self.keep else []
        return " ".join(clause for clause in clauses if clause)


@lru_cache(maxsize=4096)
def parse(text: str) -> ColumnFormat:
    """Read a format from its text.

    Raises
    ------
    LonghaulError
        When it is none.
    """
    column_type, _, rest = text.strip().partition(" ")
    if column_type not in BLANKS:
        raise LonghaulError(f"columns: {text!r} is no format; write number, category or date")
    match = _CLAUSES.fullmatch(f" {rest}" if rest else "")
    assert match is not None  # every text matches: the body takes what is left
    body = match["body"].strip()
    if body and column_type == CATEGORY:
        raise LonghaulError(
            f"columns: {text!r} is no format; behind category stand only words that are blanks or"
            " kept, such as category keep NA"
        )
    return ColumnFormat(
        column_type,
        number_format.from_text(body) if column_type == NUMBER else PLAIN,
        date_format.from_text(body) if column_type == DATE else DateFormat(),
        _words(match["blank"], match["more"]),
        _words(match["keep"]),
    )


def _words(*lists: str | None) -> tuple[str, ...]:
    return tuple(_split(words for words in lists if words))


def _split(lists: Iterable[str]) -> list[str]:
    return [word.strip() for words in lists for word in words.split(",") if word.strip()]
