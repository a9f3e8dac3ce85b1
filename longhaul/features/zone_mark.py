"""Marks of a zone behind a time: ``+02:00``, ``UTC``, ``CEST``, ``Europe/Berlin``."""

from datetime import datetime, timedelta
from functools import lru_cache

from longhaul.errors import LonghaulError
from longhaul.features import time_zone

# Those of RFC 822, of Europe and of Japan. Others, such as IST, have several meanings.
_HOURS = {
    **{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
    **{"WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3},
    **{"MSK": 3, "JST": 9, "UT": 0},
}
_NAMED = "|".join(sorted(_HOURS, key=lambda name: (-len(name), name)))
PATTERN = (
    r"[Zz]|UTC|GMT|(?:UTC|GMT)?[+-]\d\d(?::?\d\d)?(?: \([^()]*\)|\[[\w/+-]+\])?|Z\[[\w/+-]+\]"
    rf"|{_NAMED}|[A-Z][A-Za-z]+/[A-Z]\w+(?:/[A-Z]\w+)?"
)


def offset(mark: str, clock: datetime) -> timedelta:
    """Return the offset from UTC that a mark says.

    Raises
    ------
    ValueError
        When there is no such zone.
    """
    place = mark.partition("[")[0].partition(" (")[0]
    bare = place.removeprefix("UTC").removeprefix("GMT") or "UTC"
    if bare in _HOURS:
        return timedelta(hours=_HOURS[bare])
    delta = time_zone.offset(bare) if "/" not in bare else _of_place(bare, clock)
    if delta is None:
        raise ValueError(mark)
    return delta


def name(mark: str, clock: datetime) -> str:
    """Return the name of the zone that a mark says; of a place, where it names one."""
    place = mark.partition("[")[2].rstrip("]") or (mark if "/" in mark else "")
    return place if _exists(place) else time_zone.name_of(offset(mark, clock))


@lru_cache(maxsize=256)
def _exists(place: str) -> bool:
    try:
        return bool(place and time_zone.zone(place))
    except LonghaulError:
        return False


def _of_place(place: str, clock: datetime) -> timedelta | None:
    return clock.replace(tzinfo=time_zone.zone(place)).utcoffset() if _exists(place) else None
