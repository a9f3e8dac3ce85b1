"""Times of many different values, read as days and clocks: there are fewer of these."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from longhaul.features.date_format import DateFormat

MANY = 10_000
_GAP = np.datetime64("NaT", "us")
_YEAR = 2000


def read(texts: Sequence[str], form: DateFormat) -> np.ndarray | None:
    """Read texts such as ``31/12/2022 19:00:05``; as the format reads each by itself.

    Returns
    -------
    ndarray of datetime64[us], or None
        NaT where a text is not so simple; None where they are few, or the format is not so simple.
    """
    spelling = form.spellings[0]
    day, _, clock = spelling.partition(" ")
    simple = len(form.spellings) == 1 and not {"%I", "%p", "%z", "%Z"} & set(_directives(clock))
    if len(texts) < MANY or not clock.startswith("%H") or " " in clock or not simple:
        return None
    parts = pd.Series(texts, dtype="str").str.strip().str.partition(" ")
    days = _each(parts[0], DateFormat((day,)), "")
    clocks = _each(parts[2].str.strip(), DateFormat((f"%Y {clock}",)), f"{_YEAR} ")
    return days + (clocks - np.datetime64(f"{_YEAR}-01-01", "us"))


def _directives(spelling: str) -> list[str]:
    return [f"%{part[:1]}" for part in spelling.split("%")[1:]]


def _each(column: pd.Series, form: DateFormat, before: str) -> np.ndarray:
    """Read each different text once."""
    codes, levels = pd.factorize(column)
    read = [form.parse(f"{before}{level}") for level in levels]
    moments = [_GAP if moment is None else np.datetime64(moment, "us") for moment in read]
    return np.array([*moments, _GAP])[codes]
