"""Numbers that are times: 20130131, or seconds since 1970."""

import re

import numpy as np

from longhaul.features import date_inference

TIME_NAME = re.compile(
    r"date|time|day|month|week|year|timestamp|created|updated|datum|fecha|epoch"
    r"|_at$|_ts$|^ts$|^dt$|_dt$",
    re.IGNORECASE,
)
# Numbers of seconds, milliseconds and so on from 1980 to 2100.
_FIRST, _LAST = 3.15e8, 4.1e9
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
    if not len(values) or not np.isfinite(values).all() or (values != np.floor(values)).any():
        return "", ""
    low, high, named = values.min(), values.max(), bool(TIME_NAME.search(name))
    if 19000101 <= low < high <= 21001231 and _days(np.unique(values), named):
        return "%Y%m%d", ""
    for unit, (factor, word) in _UNITS.items():
        if _FIRST * factor <= low and high < _LAST * factor and len(np.unique(values[:100])) > 2:
            if named:
                return f"epoch {unit}", f"is read as {word} since 1970"
            return "", (
                f"may be {word} since 1970, and is not used as times: write date epoch {unit} if"
                " it is"
            )
    return "", ""


def _days(values: np.ndarray, named: bool) -> bool:
    """Return whether all numbers are days such as 20130131."""
    texts = [str(int(value)) for value in values]
    inferred = date_inference.infer(texts, [1] * len(texts), False)
    return inferred.format is not None and not inferred.notes and (named or len(texts) >= 3)
