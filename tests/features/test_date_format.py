"""Times in all spellings, decided for each column, and one rule for time zones."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.errors import LonghaulError
from longhaul.features import date_format, date_inference, time_zone

DAYS = [datetime(2013, 1, 1, 5, 7) + timedelta(days=3 * i, seconds=61 * i) for i in range(120)]


def inferred(texts: list[str], comma: bool = False) -> date_inference.InferredDates:
    return date_inference.infer(texts, [1] * len(texts), comma)


@pytest.mark.parametrize(
    "spelling",
    [
        "%Y-%m-%d",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S UTC",
        "%Y-%m-%d %H:%M:%S+00:00",
        "%Y%m%d",
        "%Y.%m.%d",
        "%Y/%m/%d %H:%M",
        "%d/%m/%Y",
        "%m/%d/%Y %I:%M %p",
        "%m/%d/%y",
        "%d.%m.%Y %H:%M",
        "%d.%m.%Y, %H:%M:%S",
        "%d-%m-%Y",
        "%d-%b-%Y",
        "%d-%b-%y",
        "%d %B %Y",
        "%B %d, %Y",
        "%b %d %Y %H:%M",
        "%d%b%Y",
        "%a, %d %b %Y %H:%M:%S +0000",
        "%a %b %d %H:%M:%S %Y",
        "%d/%b/%Y:%H:%M:%S +0000",
        "%Y%m%d%H%M%S",
        "%Y%m%d%H%M",
        "%Y-%m-%d %H.%M",
        "%d.%m.%Y %H.%M.%S",
        "%Y-%m-%d-%H.%M.%S.%f",
        "%d.%m.%Y, %H:%M Uhr",
        "%Y-%m-%d_%H:%M:%S",
        "%Y-%m-%d - %H:%M",
        "%d/%m/%Y %Hh%M",
        "%Y年%m月%d日",
        "%Y. %m. %d.",
        "%d. %m. %Y",
        "%Y %m %d",
        "%d%m%Y",
        "%G-W%V-%u",
        "%Y-%j",
        "%a %d.%m.%Y",
        "%Y/%b/%d",
    ],
)
def test_spellings(spelling: str) -> None:
    """Whatever `strftime` writes of the commoner ones is read back."""
    found = inferred([day.strftime(spelling) for day in DAYS]).format
    assert found is not None
    expected = [datetime.strptime(day.strftime(spelling), spelling) for day in DAYS]
    read = [found.parse(day.strftime(spelling)) for day in DAYS]
    assert read == [day.replace(tzinfo=None) for day in expected]
    assert date_format.from_text(str(found)) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3. März 2013", (2013, 3, 3)),
        ("3 de enero de 2013", (2013, 1, 3)),
        ("3 août 2013", (2013, 8, 3)),
        ("3 dic 2013", (2013, 12, 3)),
        ("3 Okt. 2013", (2013, 10, 3)),
        ("3 maggio 2013", (2013, 5, 3)),
        ("3 outubro 2013", (2013, 10, 3)),
        ("3 december 2013", (2013, 12, 3)),
        ("3 stycznia 2013", (2013, 1, 3)),
        ("3. ledna 2013", (2013, 1, 3)),
        ("3 января 2013", (2013, 1, 3)),
        ("3 Ağustos 2013", (2013, 8, 3)),
        ("3 Kasım 2013", (2013, 11, 3)),
        ("3. elokuuta 2013", (2013, 8, 3)),
        ("1er février 2013", (2013, 2, 1)),
        ("3rd March 2013", (2013, 3, 3)),
        ("March 21st, 2013", (2013, 3, 21)),
        ("3 października 2013", (2013, 10, 3)),
    ],
)
def test_months_in_other_languages(text: str, expected: tuple[int, int, int]) -> None:
    """With their accents and points."""
    found = inferred([text]).format
    assert found is not None
    assert found.parse(text) == datetime(*expected)


@pytest.mark.parametrize(
    ("texts", "form", "first"),
    [
        (["2023-Q1", "2023-Q2"], "%Y-Q%q", (2023, 1, 1)),
        (["Q3 2023", "Q4 2023"], "Q%q %Y", (2023, 7, 1)),
        (["2Q2023", "3Q2023"], "%qQ%Y", (2023, 4, 1)),
        (["2020-W53", "2021-W01"], "%G-W%V", (2020, 12, 28)),
        (["KW 5/2023", "KW 6/2023"], "KW %V/%G", (2023, 1, 30)),
        (["2023M02", "2023M03"], "%YM%m", (2023, 2, 1)),
        (["2024-366", "2024-001"], "%Y-%j", (2024, 12, 31)),
        (["Jan/2023", "Feb/2023"], "%b/%Y", (2023, 1, 1)),
        (["2023-01-31 24:00:00", "2023-02-01 05:00:00"], "", (2023, 2, 1)),
        (["2016-12-31 23:59:60", "2017-01-01 00:00:00"], "", (2017, 1, 1)),
        (["2023\u201301\u201331", "2023\u201302\u201301"], "", (2023, 1, 31)),
    ],
)
def test_periods_and_the_ends_of_days(
    texts: list[str], form: str, first: tuple[int, int, int]
) -> None:
    """Quarters, ISO weeks, days of the year, 24 o'clock, leap seconds and long dashes."""
    found = inferred(texts).format
    assert found is not None
    assert str(found) == form
    assert found.parse(texts[0]) == datetime(*first)
    assert date_format.from_text(form) == found


@pytest.mark.parametrize(
    "texts", [["01020304", "05060708"], ["2023-366"], ["2023-W54"], ["2023-Q5"], ["99999999"]]
)
def test_codes_are_no_times(texts: list[str]) -> None:
    """Eight digits of the year 304, and parts that the calendar does not have."""
    assert inferred(texts).format is None


def test_years_of_two_digits_are_said() -> None:
    """As births of 1950 would be read as 2050."""
    assert "1969 to 2068" in inferred(["31.12.50", "01.01.51"]).notes[0]


def test_two_formats_that_fit_are_said() -> None:
    """With the reason for the one that was taken."""
    monthly = inferred([f"01/{month:02d}/2013" for month in range(1, 13)])
    assert str(monthly.format) == "%d/%m/%Y"
    assert "fits %m/%d/%Y as well" in monthly.notes[0]
    assert str(inferred(["03/02/2013", "01/05/2013"]).format) == "%m/%d/%Y"
    assert str(inferred(["03/02/2013", "01/05/2013"], comma=True).format) == "%d/%m/%Y"
    assert inferred(["13/02/2013", "03/02/2013"]).notes == ()


def test_two_spellings_bad_rows_and_contradictions() -> None:
    """Two spellings are read; a few others set aside; both orders of day and month never."""
    mixed = [f"2013-01-{day:02d}" for day in range(1, 29)]
    mixed += [f"{day:02d}.02.2013" for day in range(1, 29)]
    assert str(inferred(mixed).format) == "iso | %d.%m.%Y"
    with_total = inferred([*mixed, "Total"])
    assert with_total.format is not None
    assert "'Total' (1 of 57 rows)" in with_total.notes[0]
    odd = inferred(["13/02/2013", "02/13/2013"])
    assert odd.format is None
    assert "looks like times" in odd.notes[0]


@pytest.mark.parametrize(
    "texts", [["10-20", "20-30"], ["12:30", "13:30"], ["1.2.3", "1.2.4"], ["2013", "2014"], ["x1"]]
)
def test_what_is_no_time(texts: list[str]) -> None:
    """Ranges, clocks, versions and years."""
    assert inferred(texts).format is None


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        ("", "2020-05-01T10:30:00+02:00", "2020-05-01T10:30:00"),
        ("in UTC", "2020-05-01T10:30:00+02:00", "2020-05-01T08:30:00"),
        ("in +02:00", "2020-05-01T10:30:00Z", "2020-05-01T12:30:00"),
        ("in Europe/Berlin", "2020-01-01T10:30:00Z", "2020-01-01T11:30:00"),
        ("in Europe/Berlin", "2020-07-01T10:30:00Z", "2020-07-01T12:30:00"),
        ("in Europe/Berlin", "2020-07-01T10:30:00", "2020-07-01T10:30:00"),
        ("in UTC", 1588329000000, "2020-05-01T10:30:00"),
        ("in +02:00", 1588329000, "2020-05-01T12:30:00"),
        ("epoch s", "1588329000", "2020-05-01T10:30:00"),
        ("epoch ms in Europe/Berlin", 1588329000000, "2020-05-01T12:30:00"),
        ("epoch s", 86400, "1970-01-02T00:00:00"),
        ("%d/%m/%Y", 1588329000000, "2020-05-01T10:30:00"),
        ("%Y%m%d", 20200501, "2020-05-01T00:00:00"),
        ("", 20200501, None),
        ("", True, None),
        ("%d/%m/%Y", "05/31/2020", None),
        ("%d/%m/%Y", "2020-05-31", "2020-05-31T00:00:00"),
        ("%d/%m/%Y in UTC", "2020-05-31T10:00:00+02:00", "2020-05-31T08:00:00"),
        ("%Y-%d-%m", "2020-05-06", "2020-06-05T00:00:00"),
        ("%d/%m/%Y", "20200531", None),
    ],
)
def test_zones_and_epochs(form: str, value: object, expected: str | None) -> None:
    """An offset is converted to the zone; without a zone it is dropped; numbers are UTC."""
    read = date_format.from_text(form).parse(value)
    assert (None if read is None else read.isoformat()) == expected


@pytest.mark.parametrize("form", ["%Q", "soon", "epoch h", "%d/%m/%Y in Nowhere/Land", "%Y %Y"])
def test_formats_that_are_none(form: str) -> None:
    """One line says what may be written."""
    with pytest.raises(LonghaulError, match=r"write|no zone"):
        date_format.from_text(form)


@given(
    st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["UTC", "+05:30", "Europe/Berlin", "America/New_York"]),
)
def test_one_instant_however_it_is_written(moment: datetime, minutes: int, zone: str) -> None:
    """With any offset, as text or as a time, it is one clock in the problem's zone."""
    form = date_format.from_text(f"in {zone}")
    aware = moment.replace(tzinfo=UTC)
    expected = aware.astimezone(time_zone.zone(zone)).replace(tzinfo=None, fold=0)
    other = aware.astimezone(timezone(timedelta(minutes=minutes)))
    assert form.parse(other) == expected
    assert form.parse(other.isoformat()) == expected
    assert form.parse(str(other)) == expected
