"""Values in all the forms they come in."""

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from longhaul.features.formats import numbers, texts, times


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, 1.0),
        (3, 3.0),
        (2.5, 2.5),
        (Decimal("2.5"), 2.5),
        ("2.5", 2.5),
        (" -1e3 ", -1000.0),
        ("fast", np.nan),
        ("", np.nan),
        (None, np.nan),
        (pd.NA, np.nan),
        (np.inf, np.nan),
        ("-inf", np.nan),
        (1e300, np.nan),
        (10**400, np.nan),
        (datetime(2024, 1, 1), np.nan),
    ],
    ids=str,
)
def test_numbers(value: object, expected: float) -> None:
    """What is or spells a finite number is read, anything else is missing."""
    found = numbers(pd.Series([value], dtype=object))
    assert np.float32 == found.dtype
    np.testing.assert_array_equal(found, [np.float32(expected)])


@pytest.mark.parametrize(
    "dtype", ["int8", "uint64", "Int64", "float32", "Float64", "str", "category"]
)
def test_numbers_of_every_type(dtype: str) -> None:
    """The same numbers, however pandas holds them."""
    np.testing.assert_array_equal(numbers(pd.Series([1, 20, 3]).astype(dtype)), [1.0, 20.0, 3.0])


def test_times_are_no_numbers() -> None:
    """A time where a number is due is missing, not nanoseconds."""
    assert np.isnan(numbers(pd.Series([pd.Timestamp("2024-01-01")]))).all()


@pytest.mark.parametrize(
    ("value", "expected"),
    [("UA", "UA"), (3, "3"), (3.0, "3"), (3.5, "3.5"), (np.float32(3), "3"), (True, "True")],
)
def test_texts(value: object, expected: str) -> None:
    """A number goes by its shortest text, alone or among others."""
    indices, levels = texts(pd.Series([1, value, True], dtype=object))
    assert expected == levels[indices[1]]
    indices, levels = texts(pd.Series([value]))
    assert [expected] == levels[indices].tolist()


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_texts(missing: object) -> None:
    """Every way to say missing has the index -1."""
    indices, _ = texts(pd.Series(["a", missing], dtype=object))
    assert indices.tolist() == [0, -1]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-02-29", "2024-02-29"),
        ("2024-02-29T17:05", "2024-02-29 17:05"),
        ("2024-02-29 17:05:09.5", "2024-02-29 17:05:09.5"),
        ("2024-02-29T17:05:00Z", "2024-02-29 17:05"),
        ("2024-02-29T17:05:00+02:00", "2024-02-29 17:05"),
        ("2024-02-29T17:05:00-0500", "2024-02-29 17:05"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 17, 5), "2024-02-29 17:05"),
        (pd.Timestamp("2024-02-29 17:05"), "2024-02-29 17:05"),
        ("2024-02-30", None),
        ("yesterday", None),
        ("now", None),
        ("-1", None),
        (20240229, None),
        (None, None),
    ],
    ids=str,
)
def test_times(value: object, expected: str | None) -> None:
    """Times and their ISO texts are read as the clock on the wall shows; the rest is missing."""
    found = times(pd.Series([value, "2024-01-01T00:00:00"], dtype=object))
    assert pd.Timestamp(expected) == found[0] if expected else pd.isna(found[0])


def test_zone_is_dropped() -> None:
    """A time with a zone shows that zone's clock."""
    local = pd.Series([pd.Timestamp("2024-02-29 17:05", tz="America/New_York")])
    assert pd.Timestamp("2024-02-29 17:05") == times(local)[0]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1_700_000_000, "2023-11-14 22:13:20"),
        (1_700_000_000_000, "2023-11-14 22:13:20"),
        (1_700_000_000_000.5, "2023-11-14 22:13:20.0005"),
        (-3_000_000_000_000, "1874-12-07 18:40"),
        (1_700_000_000_000_000, "2023-11-14 22:13:20"),
        (1_700_000_000_000_000_000, "2023-11-14 22:13:20"),
        (20240229, None),
        (17, None),
        (50_000_000_000, None),
        (1e30, None),
    ],
)
def test_numbers_since_1970(number: float, expected: str | None) -> None:
    """The unit is that of the range; a number in none of them is no time."""
    read = times(pd.Series([number]))[0]
    assert pd.Timestamp(expected) == read if expected else pd.isna(read)
