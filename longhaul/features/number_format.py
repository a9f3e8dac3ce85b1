"""Number formats: a grammar of numbers as people write them, and its readable text.

A format is written as an example: ``1.234,56``, ``$1,234.56``, ``12,5 %``, ``(1,234) €``. Nothing
is converted that the grammar does not match: ``89E8``, ``4_128`` and ``infinity`` are texts.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import inf

from longhaul.errors import LonghaulError

TRUTH = {"true": 1.0, "false": 0.0}
# Ways to write a minus, a space and an apostrophe, which are all the same sign here.
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014\u2015\u2796\ufe63\uff0d", "-"),
        **dict.fromkeys("\u00a0\u2007\u2009\u200a\u202f\u2002\u2003", " "),
        **dict.fromkeys("\u2019\u02bc\u00b4`", "'"),
    }
)
_MARKS = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"  # which are not seen
# Prices without cents: 5,- and 5.-- and 5.— and 500/-
_EVEN = re.compile(r"(?<=\d)(?:[.,]-{1,2}|/-)(?![\d-])")
_EXAMPLE = re.compile(r"\d(?:[\d.,' ]*\d)?")
_LOOSE_BEFORE, _LOOSE_AFTER = "[$€£]", "%"


@dataclass(frozen=True)
class NumberFormat:
    """Signs that the numbers of a column are written with.

    Attributes
    ----------
    group : str
        Between thousands: comma, point, space, apostrophe, or empty. A space stands for all
        kinds of spaces, an apostrophe for all kinds of apostrophes.
    decimal : str
        Point or comma.
    before, after : str
        A currency or a unit; a value may lack it.
    parentheses, trailing : bool
        Whether negative numbers may stand in parentheses, or have their minus behind.
    loose : bool
        Whether $, € or £ may stand before, a percent sign behind, and true and false are 1 and 0:
        the format ``number`` with nothing behind it.
    """

    group: str = ","
    decimal: str = "."
    before: str = ""
    after: str = ""
    parentheses: bool = False
    trailing: bool = False
    loose: bool = False

    def parse(self, text: str) -> float | None:
        """Read a number; None if the text is none in this format."""
        bare = unify(text)
        match = self._pattern.fullmatch(bare)
        if match is None:
            return TRUTH.get(bare.lower()) if self.loose else None
        opened, closed = match["open"] + match["opened"], match["closed"] + match["close"]
        signs = match["sign"] + match["inner"] + match["tail"]
        if len(opened) != len(closed) or len(opened) + len(signs) > 1:
            return None
        core = match["core"].replace(self.group, "") if self.group else match["core"]
        number = float(core.replace(self.decimal, "."))
        if number == inf:
            return None
        return -number if opened or signs == "-" else number

    def __str__(self) -> str:
        if self.loose:
            return ""
        number = f"1{self.group}234{self.decimal}56"
        number = f"({number})" if self.parentheses else number
        number = f"{number}-" if self.trailing else number
        gap = " " if self.before[-1:].isalnum() else ""
        return f"{self.before}{gap}{number} {self.after}".strip()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        before = _LOOSE_BEFORE if self.loose else re.escape(self.before)
        before += "(?![.,])" if self.before[-1:].isalpha() else ""  # Rs.500 is not 0.5
        after = _LOOSE_AFTER if self.loose else re.escape(self.after)
        left, right = (r"\(?", r"\)?") if self.parentheses else ("", "")
        tail = "[+-]?" if self.trailing else ""
        return re.compile(
            rf"(?P<sign>[+-]?) ?(?P<open>{left}) ?(?:{before})? ?(?P<inner>[+-]?) ?"
            rf"(?P<opened>{left}) ?(?P<core>{core(self.group, self.decimal)})"
            rf" ?(?P<closed>{right})(?P<tail>{tail}) ?(?:{after})? ?(?P<close>{right})",
            re.ASCII,
        )


def unify(text: str) -> str:
    """Replace all ways to write a minus, a space and an apostrophe by one; strip blanks.

    A dash in place of cents, such as in ``5,-``, is left out: it is no minus.
    """
    plain = text.isascii() and "`" not in text
    bare = text.strip() if plain else text.translate(_SIGNS).strip().strip(_MARKS)
    return _EVEN.sub("", bare) if "-" in bare else bare


def core(group: str, decimal: str) -> str:
    """Return the pattern of a number without sign, currency and unit.

    An exponent is read as programs write it: ``1e-05``, ``1E+05``, ``1.5E8`` and ``1e3``, but not
    ``89E8``, which is a code.
    """
    sign, point = re.escape(group), re.escape(decimal)
    digits = r"(?:\d+)"
    if group:
        lakh = rf"|[1-9]\d?(?:{sign}\d\d)+{sign}\d{{3}}" if group == "," else ""
        digits = rf"(?:[1-9]\d{{0,2}}(?:{sign}\d{{3}})+{lakh}|\d+)"
    return (
        rf"(?:{digits}?{point}\d+(?:[eE][+-]?\d{{1,3}})?"
        rf"|{digits}{point}?(?:e[+-]?\d{{1,3}}|E[+-]\d{{1,3}})?)"
    )


PLAIN = NumberFormat(loose=True)


@lru_cache(maxsize=1024)
def from_text(example: str) -> NumberFormat:
    """Read a format from its example; nothing is the loose format.

    Raises
    ------
    LonghaulError
        When it is no example of a number.
    """
    bare = unify(example)
    if not bare:
        return PLAIN
    match = _EXAMPLE.search(bare)
    if match is None:
        raise LonghaulError(
            f"columns: {example!r} is no example of a number; write one such as 1.234,56 or"
            " $1,234.56 or 12,5 %"
        )
    before, after = bare[: match.start()].strip(), bare[match.end() :].strip()
    parentheses = before.endswith("(") or before.startswith("(")
    before, after = before.replace("(", "").strip(), after.replace(")", "").strip()
    trailing = after.startswith("-")
    group, decimal = _signs(match[0], example)
    return NumberFormat(group, decimal, before, after.lstrip("- "), parentheses, trailing)


def _signs(number: str, example: str) -> tuple[str, str]:
    """Return the signs between thousands and before decimals of an example."""
    used = list(dict.fromkeys(sign for sign in number if not sign.isdigit()))
    if not used:
        return "", "."
    first, *others = used
    if len(used) == 1 and (
        first in ".," and number.count(first) == 1 and len(number.rpartition(first)[2]) != 3
    ):
        return "", first
    decimal = others[0] if others else ("," if first == "." else ".")
    mixed = bool(others) and number.rindex(first) > number.index(decimal)
    if len(used) > 2 or decimal not in ".," or number.count(decimal) > 1 or mixed:
        raise LonghaulError(
            f"columns: {example!r} does not show what stands between thousands and before decimals;"
            " write an example such as 1.234,56 or 1 234,56"
        )
    return first, decimal
