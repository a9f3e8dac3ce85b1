"""Date formats: the spellings of a column's times, and their readable text.

A format lists spellings: ``iso``, ``epoch s`` (or ms, us, ns) and formats of `datetime.strptime`,
such as ``%d/%m/%Y | %d.%m.%Y in Europe/Berlin``. With nothing behind it, ``date`` is ISO 8601.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from longhaul.errors import LonghaulError
from longhaul.features import time_zone
from longhaul.features.month_names import month

ISO = "iso"
UNITS = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
_EPOCH = datetime(1970, 1, 1)
# Numbers of undeclared unit: seconds from March 1973 to 2103, milliseconds and so on as long ago.
_RANGES = (("s", 1e8, 4.2e9), ("ms", 1e11, 4.2e12), ("us", 1e14, 4.2e15), ("ns", 1e17, 4.2e18))
_NUMBER = re.compile(r"[+-]?\d{9,19}(?:\.\d+)?", re.ASCII)
_ISO = re.compile(
    r"(?P<Y>\d{4})(?:-(?P<m>\d\d)(?:-(?P<d>\d\d))?|(?P<m2>\d\d)(?P<d2>\d\d)?)"
    r"(?:[Tt ](?P<H>\d\d)(?::?(?P<M>\d\d)(?::?(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?)?)?"
    r" ?(?P<z>[Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_DASHED = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NAME = r"[^\W\d_]+\.?"
_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d\d)",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d\d)",
    "S": r"(?P<S>\d\d)",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp]\.? ?[Mm]\.?)",
    "b": rf"(?P<b>{_NAME})",
    "B": rf"(?P<b>{_NAME})",
    "a": _NAME,
    "A": _NAME,
    "z": r"(?P<z>[Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?)",
    "Z": r"(?P<z>[Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?)",
    "%": "%",
}

Reader = Callable[[str, str], datetime | None]


@dataclass(frozen=True)
class DateFormat:
    """Spellings of the times of a column, and their zone; ISO 8601 is read besides.

    Attributes
    ----------
    spellings : tuple of str
        Tried one after the other.
    zone : str
        That times with an offset are converted to; empty: offsets are dropped.
    """

    spellings: tuple[str, ...] = (ISO,)
    zone: str = ""

    def parse(self, value: Any) -> datetime | None:
        """Read a time; None if the value is none in this format.

        Parameters
        ----------
        value : object
            A text; a number of seconds, milliseconds and so on since 1970; or a time.
        """
        try:
            if isinstance(value, str):
                return self._text(value)
            if isinstance(value, datetime):
                return time_zone.local(
                    value.replace(tzinfo=None), value.utcoffset(), self.zone
                ).replace(fold=0)
            if isinstance(value, date):
                return datetime(value.year, value.month, value.day)
            return None if isinstance(value, bool) else self._number(value)
        except (ValueError, OverflowError, TypeError):
            return None

    def __str__(self) -> str:
        text = "" if self.spellings == (ISO,) else " | ".join(self.spellings)
        return f"{text} in {self.zone}".strip() if self.zone else text

    @cached_property
    def _readers(self) -> list[Reader]:
        return [reader(spelling) for spelling in self.spellings]

    @cached_property
    def _unit(self) -> str:
        """The declared unit of numbers; empty where there is none."""
        units = [text.split()[1] for text in self.spellings if text.startswith("epoch ")]
        return units[0] if units else ""

    def _text(self, value: str) -> datetime | None:
        bare = " ".join(value.split())
        for read in self._readers:
            try:
                moment = read(bare, self.zone)
            except ValueError:
                continue
            if moment is not None:
                return moment
        if _DASHED.match(bare):  # ISO 8601 has one meaning, whatever the table's spelling is
            return reader(ISO)(bare, self.zone)
        return self._number(float(bare)) if _NUMBER.fullmatch(bare) else None

    def _number(self, value: float) -> datetime | None:
        whole_days = not self._unit and float(value).is_integer()
        if whole_days and any(spelling == "%Y%m%d" for spelling in self.spellings):
            return self._text(str(int(value))) if 1e7 <= value < 1e8 else None
        unit = self._unit or next(
            (unit for unit, low, high in _RANGES if low <= abs(value) < high), ""
        )
        return since_1970(value, unit, self.zone) if unit else None


def since_1970(value: Any, unit: str, zone: str) -> datetime:
    """Convert a number of seconds, milliseconds and so on since 1970, UTC."""
    per_second = UNITS[unit]
    integer = isinstance(value, int) or float(value).is_integer()
    micros = int(value) * 1_000_000 // per_second if integer else value / per_second * 1_000_000
    return time_zone.local(_EPOCH + timedelta(microseconds=micros), timedelta(0), zone)


@lru_cache(maxsize=1024)
def from_text(text: str) -> DateFormat:
    """Read a format; nothing is ISO 8601.

    Raises
    ------
    LonghaulError
        When a spelling or the zone is not known.
    """
    body, _, last = f" {text.strip()}".rpartition(" in ")
    body, zone = (body, last.strip()) if f" {text}".count(" in ") else (text, "")
    if zone:
        time_zone.zone(zone)
    spellings = tuple(part.strip() for part in body.split(" | ") if part.strip())
    for spelling in spellings:
        reader(spelling)
    return DateFormat(spellings or (ISO,), zone)


@lru_cache(maxsize=1024)
def reader(spelling: str) -> Reader:
    """Return a function that reads texts of one spelling.

    Raises
    ------
    LonghaulError
        When the spelling is not known.
    """
    if spelling == ISO:
        return _compiled(_ISO)
    unit = spelling.removeprefix("epoch ")
    if unit != spelling and unit in UNITS:
        number = re.compile(r"[+-]?\d{1,19}(?:\.\d+)?", re.ASCII)
        return lambda text, zone: (
            since_1970(float(text) if "." in text else int(text), unit, zone)
            if number.fullmatch(text)
            else None
        )
    return _compiled(_pattern(spelling))


def _pattern(spelling: str) -> re.Pattern[str]:
    parts, groups = [], set()
    for piece in re.findall(r"%.|%|[^%]+", spelling):
        directive = _DIRECTIVES.get(piece[1:]) if piece.startswith("%") else None
        name = piece[1:].replace("B", "b").replace("Z", "z")
        if piece.startswith("%") and (directive is None or name in groups):
            known_ones = ", ".join(f"%{name}" for name in _DIRECTIVES if name != "%")
            raise LonghaulError(
                f"columns: {spelling!r} is no format of dates: {piece!r} is not known here, or"
                f" stands twice; write iso, epoch s, epoch ms, or {known_ones}"
            )
        groups |= {name} if piece.startswith("%") and name in "YymdHIMSfpbz" else set()
        parts.append(directive or re.escape(" ".join(piece.split(" "))))
    if "%" not in spelling:
        raise LonghaulError(
            f"columns: {spelling!r} is no format of dates; write iso, epoch s, epoch ms, or a"
            " format such as %d/%m/%Y %H:%M"
        )
    return re.compile("".join(parts))


def _compiled(pattern: re.Pattern[str]) -> Reader:
    def read(text: str, zone: str) -> datetime | None:
        match = pattern.fullmatch(text)
        return _moment(match.groupdict(), zone) if match else None

    return read


def _moment(parts: dict[str, str | None], zone: str) -> datetime | None:
    """Assemble a time from the texts of its parts."""
    digits = {name: int(text) for name, text in parts.items() if text and text.isdecimal()}
    year = digits.get("Y")
    if year is None:
        short = digits.get("y", -1)
        year = 1900 + short if short >= 69 else 2000 + short
    named = parts.get("b")
    month_ = month(named) if named else digits.get("m", digits.get("m2", 1))
    hour = _hour(digits, parts.get("p"))
    if month_ is None or hour is None:
        return None
    micros = int((parts.get("f") or "0").ljust(6, "0")[:6])
    day = digits.get("d", digits.get("d2", 1))
    clock = datetime(year, month_, day, hour, digits.get("M", 0), digits.get("S", 0), micros)
    mark = parts.get("z")
    return time_zone.local(clock, time_zone.offset(mark) if mark else None, zone)


def _hour(digits: dict[str, int], half: str | None) -> int | None:
    if "I" not in digits:
        return digits.get("H", 0)
    if not 1 <= digits["I"] <= 12:
        return None
    return digits["I"] % 12 + (12 if (half or "a")[0] in "pP" else 0)
