"""The flights hold what was known before departure, and the outcome."""

import numpy as np
import pandas as pd
import pytest

from longhaul.data import flights

OUTCOMES = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]


@pytest.fixture(scope="module")
def raw() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The first two weeks as the package has them, every column of them."""
    folder = flights._folder()
    whole = pd.read_csv(folder / "flights.csv.zip", nrows=12_000)
    return whole, pd.read_csv(folder / "weather.csv"), pd.read_csv(folder / "planes.csv")


def test_no_feature_comes_from_the_outcome(
    raw: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    """Whatever had happened to the flights that arrived, their features would be the same."""
    whole, weather, planes = raw
    generator = np.random.default_rng(0)
    other = whole.copy()
    arrived = whole["arr_delay"].notna()
    for name in OUTCOMES:
        other.loc[arrived, name] = generator.integers(-60, 900, int(arrived.sum()))
    expected, found = flights.join(*raw), flights.join(other, weather, planes)
    assert not found["late"].equals(expected["late"])
    pd.testing.assert_frame_equal(found.drop(columns="late"), expected.drop(columns="late"))


def test_the_first_flight_of_the_year(
    raw: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    """UA 1545 to Houston, worked out by hand: on time, in a Boeing of 1999."""
    first = flights.join(*raw).iloc[0]
    assert first["scheduled_departure"] == pd.Timestamp("2013-01-01 05:15")
    assert (first["carrier"], first["flight"], first["dest"]) == ("UA", 1545, "IAH")
    assert first["scheduled_arrival"] == 8 * 60 + 19
    assert first["scheduled_minutes"] == 3 * 60 + 4
    assert (first["plane_year"], first["manufacturer"]) == (1999, "BOEING")
    assert first["temp"] == pytest.approx(39.02)
    assert not first["late"]


def test_late_is_fifteen_minutes(raw: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    """14 minutes are on time, 15 are late; those that never arrived are left out."""
    whole, weather, planes = raw
    few = whole.head(3).assign(arr_delay=[14.0, 15.0, np.nan])
    assert flights.join(few, weather, planes)["late"].tolist() == [False, True]


def test_all_that_arrived_and_no_more() -> None:
    """A flight is neither lost nor doubled by the joins: 336,776 less 9,430 without arrival."""
    assert len(flights.read()) == 336_776 - 9_430
