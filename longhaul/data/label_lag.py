"""Label lag: the time until outcomes are available, in periods or as a duration."""

import pandas as pd

from longhaul.data import periods

_UNITS = {
    "hour": pd.Timedelta(hours=1),
    "day": pd.Timedelta(days=1),
    "week": pd.Timedelta(days=7),
}
# The longest that a period of each length can be.
_LONGEST = {
    "hour": pd.Timedelta(hours=1),
    "day": pd.Timedelta(days=1),
    "week": pd.Timedelta(days=7),
    "month": pd.Timedelta(days=31),
    "quarter": pd.Timedelta(days=92),
    "year": pd.Timedelta(days=366),
    "batch": pd.Timedelta(days=1),  # see `longhaul.data.periods.end`
}
_SHORTEST_MONTH, _MONTHS = pd.Timedelta(days=28), {"month": 1, "quarter": 3, "year": 12}


def in_periods(lag: int | str, length: str) -> int:
    """Count the whole periods that a lag lasts.

    A lag that is shorter than a period is zero: a period is monitored when the last of its
    outcomes is there.

    Parameters
    ----------
    lag : int or str
        See `longhaul.problem.Monitoring`.
    length : str
        Of a period, see `longhaul.problem.Problem.length`.
    """
    if isinstance(lag, int):
        return lag
    if length in _MONTHS:
        return int(_duration(lag) // _SHORTEST_MONTH) // _MONTHS[length]
    return int(_duration(lag) // _LONGEST[length])


def newest_due(period: str, lag: int | str, length: str) -> str:
    """Return the newest period that has its outcomes by a period.

    Parameters
    ----------
    period : str
    lag : int or str
    length : str
    """
    return periods.shift(period, -in_periods(lag, length))


def as_duration(lag: int | str, length: str) -> pd.Timedelta:
    """Convert a lag to the longest time that a row can wait for its outcome.

    Periods count from the end of the row's own one.

    Parameters
    ----------
    lag : int or str
    length : str
    """
    if isinstance(lag, int):
        return (lag + 1) * _LONGEST[length]
    return _duration(lag)


def _duration(lag: str) -> pd.Timedelta:
    """Convert a text such as ``2 weeks``."""
    count, unit = lag.split()
    return int(count) * _UNITS[unit.removesuffix("s")]
