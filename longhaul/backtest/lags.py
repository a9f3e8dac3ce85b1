"""Label lags that a backtest compares policies under."""

import re
from dataclasses import replace

import pandas as pd

from longhaul.data import label_lag
from longhaul.errors import LonghaulError
from longhaul.problem import Problem

_DURATION = re.compile(r"[0-9]{1,4} (hour|day|week)s?")
EXAMPLE = "'1 day, 3 days, 2 weeks'"


def parse(text: str) -> tuple[str, ...]:
    """Parse durations with commas between them.

    Raises
    ------
    LonghaulError
        When there are none, one is no duration or none that passes, or one is there twice.
    """
    lags = tuple(" ".join(part.split()) for part in text.split(","))
    for lag in lags:
        if not _DURATION.fullmatch(lag) or not _duration(lag):
            raise LonghaulError(
                f"lags: {lag!r} is not the time that outcomes lag behind; write such as {EXAMPLE}"
            )
    if len({_duration(lag) for lag in lags}) < len(lags):
        raise LonghaulError(f"lags: {text!r} has the same lag twice; write such as {EXAMPLE}")
    return lags


def _duration(lag: str) -> pd.Timedelta:
    return label_lag.as_duration(lag, "day")


def declare(problem: Problem, lag: str) -> Problem:
    """Return a problem that declares another label lag."""
    return replace(problem, monitoring=replace(problem.monitoring, label_lag=lag))


def due(periods: tuple[str, ...], place: int, lag: str, length: str) -> str | None:
    """Return the newest period with outcomes when another one ends; None before there is any.

    Parameters
    ----------
    periods : tuple of str
    place : int
        Of the period that ends.
    lag : str
    length : str
        Of a period.
    """
    earlier = place - label_lag.in_periods(lag, length)
    return periods[earlier] if earlier >= 0 else None
