"""Date formats: the spellings of a column's times, and their readable text.

A format lists spellings: ``iso``, ``epoch s`` (or ms, us, ns) and formats of `datetime.strptime`,
such as ``%d/%m/%Y | %d.%m.%Y in Europe/Berlin``. With nothing behind it, ``date`` is ISO 8601.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from longhaul.errors import LonghaulError
from longhaul.features import time_zone, zone_mark
from longhaul.features.month_names import month
from longhaul.features.number_format import unify

ISO = "iso"
UNITS = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
_EPOCH = datetime(1970, 1, 1)
# Numbers of undeclared unit: seconds from March 1973 to 2103, milliseconds and so on as long ago.
_RANGES = (("s", 1e8, 4.2e9), ("ms", 1e11, 4.2e12), ("us", 1e14, 4.2e15), ("ns", 1e17, 4.2e18))
_NUMBER = re.compile(r"[+-]?\d{9,19}(?:\.\d+)?", re.ASCII)
_ISO = re.compile(
    r"(?P<Y>\d{4})(?:-(?P<m>\d\d)(?:-(?P<d>\d\d))?|(?P<m2>\d\d)(?P<d2>\d\d)?)"
    r"(?:[Tt ](?P<H>\d\d)(?::?(?P<M>\d\d)(?::?(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?)?)?"
    rf" ?(?P<z>{zone_mark.PATTERN})?)?",
    re.ASCII,
)
_DASHED = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NAME = r"[^\W\d_]+\.?"
_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d\d)",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})(?:st|nd|rd|th|er|º)?",
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
    "z": rf"(?P<z>{zone_mark.PATTERN})",
    "Z": rf"(?P<z>{zone_mark.PATTERN})",
    "q": r"(?P<q>[1-4])",
    "G": r"(?P<G>\d{4})",
    "V": r"(?P<V>\d{1,2})",
    "u": r"(?P<u>[1-7])",
    "j": r"(?P<j>\d{3})",
    "%": "%",
}
_GROUPS = "YymdHIMSfpbzqGVuj"
_WIDE, _DIGITS = {"%m", "%d", "%H", "%I"}, {"%Y", "%y", "%m", "%d", "%H", "%I", "%M", "%S"}
# Spellings of digits alone, which a table may hold as numbers; with the number of digits.
COMPACT = {
    **{"%Y%m%d": 8, "%d%m%Y": 8, "%m%d%Y": 8, "%Y%m%d%H%M%S": 14, "%Y%m%d%H%M": 12},
    **{"%Y%m": 6, "%y%m%d": 6},
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

    def mark_of(self, text: str) -> tuple[str, datetime] | None:
        """Return the mark of a zone, such as ``+02:00``, and the clock of a text that has both."""
        bare = clean(text)
        for spelling in self.spellings:
            parts = _match(spelling, bare)
            with suppress(ValueError):
                clock = _clock(parts) if parts.get("z") else None
                if clock and zone_mark.offset(str(parts["z"]), clock) is not None:
                    return str(parts["z"]), clock
        return None

    def _text(self, value: str) -> datetime | None:
        bare = clean(value)
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
        digits = next((COMPACT[text] for text in self.spellings if text in COMPACT), 0)
        if digits and not self._unit and float(value).is_integer():
            written = str(int(value))
            short = (digits == 8 and "%Y%m%d" not in self.spellings) or digits == 6
            fits = len(written) == digits or (short and len(written) == digits - 1)
            return self._text(written.zfill(digits)) if fits else None
        unit = self._unit or next(
            (unit for unit, low, high in _RANGES if low <= abs(value) < high), ""
        )
        return since_1970(value, unit, self.zone) if unit else None


def clean(text: str) -> str:
    """Write all dashes, spaces and apostrophes of a text in one way, and no two spaces."""
    return " ".join(unify(text).split())


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
    unit = spelling.removeprefix("epoch ")
    if unit != spelling and unit in UNITS:
        number = re.compile(r"[+-]?\d{1,19}(?:\.\d+)?", re.ASCII)
        return lambda text, zone: (
            since_1970(float(text) if "." in text else int(text), unit, zone)
            if number.fullmatch(text)
            else None
        )
    _pattern(spelling)  # refuses those that are none

    def read(text: str, zone: str) -> datetime | None:
        parts = _match(spelling, text)
        return _moment(parts, zone) if parts else None

    return read


def _match(spelling: str, text: str) -> dict[str, str | None]:
    """Return the parts of a text; nothing where it is not so spelt."""
    if spelling.startswith("epoch "):
        return {}
    match = _pattern(spelling).fullmatch(text)
    return match.groupdict() if match else {}


@lru_cache(maxsize=1024)
def _pattern(spelling: str) -> re.Pattern[str]:
    if spelling == ISO:
        return _ISO
    parts, groups = [], set()
    pieces = re.findall(r"%.|%|[^%]+", spelling)
    for place, piece in enumerate(pieces):
        directive = _DIRECTIVES.get(piece[1:]) if piece.startswith("%") else None
        name = piece[1:].replace("B", "b").replace("Z", "z")
        if piece.startswith("%") and (directive is None or name in groups):
            known_ones = ", ".join(f"%{name}" for name in _DIRECTIVES if name != "%")
            raise LonghaulError(
                f"columns: {spelling!r} is no format of dates: {piece!r} is not known here, or"
                f" stands twice; write iso, epoch s, epoch ms, or {known_ones}"
            )
        groups |= {name} if piece.startswith("%") and name in _GROUPS else set()
        beside = {*pieces[max(0, place - 1) : place], *pieces[place + 1 : place + 2]}
        if piece in _WIDE and beside & _DIGITS:  # 2023111 would have two meanings
            directive = rf"(?P<{name}>\d\d)"
        parts.append(directive or re.escape(piece))
    if "%" not in spelling:
        raise LonghaulError(
            f"columns: {spelling!r} is no format of dates; write iso, epoch s, epoch ms, or a"
            " format such as %d/%m/%Y %H:%M"
        )
    return re.compile("".join(parts))


def _moment(parts: dict[str, str | None], zone: str) -> datetime | None:
    """Assemble a time from the texts of its parts."""
    clock, mark = _clock(parts), parts.get("z")
    if clock is None:
        return None
    return time_zone.local(clock, zone_mark.offset(mark, clock) if mark else None, zone)


def _clock(parts: dict[str, str | None]) -> datetime | None:
    """Return what the calendar and the clock show; None where there is no such time."""
    digits = {name: int(text) for name, text in parts.items() if text and text.isdecimal()}
    hour = _hour(digits, parts.get("p"))
    day = _day(parts, digits)
    if hour is None or day is None:
        return None
    minute, second = digits.get("M", 0), digits.get("S", 0)
    micros = int((parts.get("f") or "0").ljust(6, "0")[:6])
    if hour == 24 and not (minute or second or micros):  # the end of the day
        return day + timedelta(days=1)
    if second == 60:  # a leap second
        return day.replace(hour=hour, minute=minute, second=59) + timedelta(seconds=1)
    return day.replace(hour=hour, minute=minute, second=second, microsecond=micros)


def _day(parts: dict[str, str | None], digits: dict[str, int]) -> datetime | None:
    if "G" in digits:
        return datetime.fromisocalendar(digits["G"], digits["V"], digits.get("u", 1))
    year = digits.get("Y")
    if year is None:
        short = digits.get("y", -1)
        year = 1900 + short if short >= 69 else 2000 + short
    if "j" in digits:
        first = datetime(year, 1, 1)
        day = first + timedelta(days=digits["j"] - 1)
        return day if day.year == year else None
    named = parts.get("b")
    quarter = 3 * digits.get("q", 1) - 2
    month_ = month(named) if named else digits.get("m", digits.get("m2", quarter))
    return datetime(year, month_, digits.get("d", digits.get("d2", 1))) if month_ else None


def _hour(digits: dict[str, int], half: str | None) -> int | None:
    if "I" not in digits:
        return digits.get("H", 0)
    if not 1 <= digits["I"] <= 12:
        return None
    return digits["I"] % 12 + (12 if (half or "a")[0] in "pP" else 0)
