"""Marks of a zone: offsets, names of zones and of places."""

from datetime import datetime, timedelta

import pytest

from longhaul.features import date_format, zone_mark

SUMMER, WINTER = datetime(2023, 7, 1, 12), datetime(2023, 1, 1, 12)


@pytest.mark.parametrize(
    ("mark", "clock", "hours", "name"),
    [
        ("Z", WINTER, 0, "UTC"),
        ("UTC", WINTER, 0, "UTC"),
        ("+0530", WINTER, 5.5, "+05:30"),
        ("UTC+02", WINTER, 2, "+02:00"),
        ("GMT-0500", WINTER, -5, "-05:00"),
        ("CEST", SUMMER, 2, "+02:00"),
        ("EST", WINTER, -5, "-05:00"),
        ("MESZ", SUMMER, 2, "+02:00"),
        ("JST", SUMMER, 9, "+09:00"),
        ("Europe/Berlin", SUMMER, 2, "Europe/Berlin"),
        ("Europe/Berlin", WINTER, 1, "Europe/Berlin"),
        ("+01:00[Europe/Paris]", WINTER, 1, "Europe/Paris"),
        ("GMT+0100 (Central European Standard Time)", WINTER, 1, "+01:00"),
        ("Z[Etc/UTC]", WINTER, 0, "Etc/UTC"),
        ("America/Argentina/Salta", WINTER, -3, "America/Argentina/Salta"),
    ],
)
def test_marks(mark: str, clock: datetime, hours: float, name: str) -> None:
    """The offset, the name, and a time that is converted by it."""
    assert zone_mark.offset(mark, clock) == timedelta(hours=hours)
    assert zone_mark.name(mark, clock) == name
    read = date_format.from_text("in UTC").parse(f"{clock} {mark}")
    assert read == clock - timedelta(hours=hours)


@pytest.mark.parametrize("mark", ["Nowhere/Land", "+25:00", "IST"])
def test_marks_that_are_none(mark: str) -> None:
    """A time with one is not read; of IST there are three."""
    assert date_format.from_text("in UTC").parse(f"2023-01-01 12:00 {mark}") is None
