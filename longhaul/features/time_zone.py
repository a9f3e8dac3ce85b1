"""Time zones: one rule for every source of times.

A time with an offset from UTC is converted to the column's zone, and kept as that zone's clock
shows it. A time without an offset is taken to show that clock already. Where no zone is declared
and none can be inferred, an offset is dropped.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from longhaul.errors import LonghaulError

_OFFSET = re.compile(r"([+-])(\d\d)(?::?(\d\d))?")
_UTC = frozenset({"z", "utc", "gmt"})


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """Return the zone of a name such as ``Europe/Berlin``, ``UTC`` or ``+02:00``.

    Raises
    ------
    LonghaulError
        When there is none of that name.
    """
    delta = offset(name)
    if delta is not None:
        return timezone(delta) if delta else UTC
    try:
        return ZoneInfo(name)
    except Exception:  # each operating system has its own way to say that there is none
        raise LonghaulError(
            f"time.zone: there is no zone {name!r}; write UTC, an offset such as +02:00, or a name"
            " such as Europe/Berlin"
        ) from None


@lru_cache(maxsize=1024)
def offset(text: str) -> timedelta | None:
    """Return an offset from UTC, such as ``+02:00``, ``-0500`` or ``Z``; None for other texts."""
    if text.lower() in _UTC:
        return timedelta(0)
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    size = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    if size >= timedelta(hours=24):
        return None
    return -size if match[1] == "-" else size


def name_of(delta: timedelta) -> str:
    """Return the name of the zone with an offset: ``UTC`` or such as ``+02:00``."""
    if not delta:
        return "UTC"
    minutes = int(abs(delta).total_seconds() // 60)
    return f"{'-' if delta < timedelta(0) else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def local(clock: datetime, delta: timedelta | None, name: str) -> datetime:
    """Convert a clock with an offset to the zone; without offset or zone it stays.

    Raises
    ------
    ValueError
        When it lies outside the years 1 to 9999.
    """
    if delta is None or not name:
        return clock
    try:
        return (clock - delta).replace(tzinfo=UTC).astimezone(zone(name)).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(clock) from None
