"""Numbers that are times: 20130131, or seconds since 1970."""

import re
from datetime import datetime, timedelta

import numpy as np

from longhaul.features.date_format import DateFormat

TIME_NAME = re.compile(
    r"date|time|day|month|week|year|stamp|created|updated|datum|fecha|epoch|period|zeit|monat"
    r"|_at$|_ts$|^ts$|^dt$|_dt$",
    re.IGNORECASE,
)
# Numbers of seconds, milliseconds and so on from 1980 to 2100.
_FIRST, _LAST = 3.15e8, 4.1e9
_EXCEL = datetime(1899, 12, 30)
# Digits alone, with their smallest and largest number.
_WRITTEN = {
    "%Y%m%d": (19000101, 21001231),
    "%Y%m%d%H%M%S": (19000101000000, 21001231235959),
    "%Y%m%d%H%M": (190001010000, 210012312359),
    "%Y%m": (190001, 210012),
    "%y%m%d": (101, 991231),
}
_UNITS = {
    "s": (1, "seconds"),
    "ms": (10**3, "milliseconds"),
    "us": (10**6, "microseconds"),
    "ns": (10**9, "nanoseconds"),
}


def infer(values: np.ndarray, name: str) -> tuple[str, str]:
    """Infer whether numbers are times.

    Parameters
    ----------
    values : ndarray of float
        The numbers that are not missing.
    name : str
        Of the column: seconds since 1970 are taken for times only where it is typical of one.

    Returns
    -------
    str
        The spelling, such as ``%Y%m%d`` or ``epoch ms``; empty where they are no times.
    str
        What was assumed, or what they may be; empty where there is nothing to say.
    """
    if not len(values) or not np.isfinite(values).all():
        return "", ""
    low, high, named = values.min(), values.max(), bool(TIME_NAME.search(name))
    distinct = np.unique(values)
    integral = not (distinct != np.floor(distinct)).any()
    for spelling, (first, last) in _WRITTEN.items() if integral else ():
        if first <= low and high <= last and _are_written(distinct, spelling):
            return _written(spelling, distinct, named)
    for unit, (factor, word) in _UNITS.items():
        if not integral and unit not in {"s", "ms"}:
            break
        if _FIRST * factor <= low and high < _LAST * factor and len(np.unique(values[:100])) > 2:
            if named:
                return f"epoch {unit}", f"is read as {word} since 1970"
            return "", (
                f"may be {word} since 1970, and is not used as times: write date epoch {unit} if"
                " it is"
            )
    if named and 20_000 <= low < high <= 80_000 and len(distinct) > 2:
        return "", (
            f"may be days as Excel counts them ({low:g} is {_excel_day(low)}), and is not used as"
            " times: write them as dates"
        )
    return "", ""


def _are_written(distinct: np.ndarray, spelling: str) -> bool:
    """Return whether all whole numbers are times of one spelling of digits."""
    form = DateFormat((spelling,))
    return all(form.parse(int(value)) is not None for value in distinct)


def _written(spelling: str, distinct: np.ndarray, named: bool) -> tuple[str, str]:
    """Judge whether numbers that may be times are some: short ones may be anything."""
    enough = len(distinct) >= 3
    if len(distinct) < 2:
        return "", ""
    if (spelling in {"%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%d%H%M"} and (enough or named)) or (
        spelling == "%Y%m" and named
    ):
        return spelling, ""
    if not enough or (spelling == "%y%m%d" and not named):
        return "", ""
    shown = ", ".join(f"{value:.0f}" for value in distinct[:3])
    return "", f"may be times ({shown}), and is not used as such: write date {spelling} if it is"


def _excel_day(value: float) -> str:
    return str((_EXCEL + timedelta(days=value)).date())
