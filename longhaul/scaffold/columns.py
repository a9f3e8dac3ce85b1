"""What each column of an unknown table is, and whether a model may use it."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data import reading
from longhaul.data.reading import CATEGORY, DATE, NUMBER
from longhaul.errors import LonghaulError

Use = Literal["feature", "identifier", "constant", "text", "nested", "leak"]

# How people write dates when they do not follow ISO 8601.
FORMATS = tuple(
    f"{day}{clock}"
    for day in (
        *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%y"),
        *("%d/%m/%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y"),
    )
    for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
)
NEARLY_ALL = 0.95
WORDS = 4  # a text of more is prose, not a category
_NAMED_ID = re.compile(
    r"(^|[_\W])(id|ids|uuid|guid|key|index|rownames?|row_?(num|number|id))$|^unnamed: \d+$"
    r"|^(no|nr|rowid|serial)\.?$|(?-i:[a-z](ID|Id|Key)$)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_SAMPLE = 1000


@dataclass(frozen=True)
class InferredColumn:
    """A column as it was found.

    Attributes
    ----------
    name : str
    reading : str
        As in the problem file's ``columns``.
    use : str
    reason : str
        Why it is no feature; empty for one.
    missing : float
        The share of rows without a value.
    distinct : int
    example : str
    """

    name: str
    reading: str
    use: Use
    reason: str
    missing: float
    distinct: int
    example: str


def infer(column: pd.Series) -> tuple[InferredColumn, pd.Series]:
    """See what a column is.

    Parameters
    ----------
    column : Series of n rows
        As it was read: of a CSV file, text.

    Returns
    -------
    Column
    Series of n rows
        The values as they will be read.
    """
    name = str(column.name)
    try:
        kind, values = _read(column)
    except LonghaulError:
        first = str(column.dropna().iloc[0])[:40]
        reason = "holds lists or records, not values"
        return InferredColumn(
            name, CATEGORY, "nested", reason, float(column.isna().mean()), 0, first
        ), column
    known = values.dropna()
    distinct = int(known.nunique())
    use, reason = _use(name, kind, known, distinct, len(values))
    example = _example(known)
    return InferredColumn(name, kind, use, reason, float(values.isna().mean()), distinct, example), values


def named_as_identifier(name: str) -> bool:
    """Whether a name is one that people give to identifiers."""
    return bool(_NAMED_ID.search(name.strip()))


def _read(column: pd.Series) -> tuple[str, pd.Series]:
    found = reading.read(column).column
    if types.is_datetime64_any_dtype(found):
        return DATE, found
    if types.is_numeric_dtype(found):
        return NUMBER, found
    known = found.dropna()
    if known.empty:
        return CATEGORY, found
    nearly = reading.read(column, NUMBER)
    few = len(nearly.unfit) <= (1 - NEARLY_ALL) / 10 * len(known)
    if few and not known.head(_SAMPLE).str.match(r"^[+-]?0\d").any():
        return NUMBER, nearly.column
    first = known.drop_duplicates().head(_SAMPLE)
    if first.str.contains(_DIGIT).all() and first.str.len().max() <= 30:
        for form in FORMATS:
            if pd.to_datetime(first, format=form, errors="coerce").notna().all():
                whole = reading.read(column, f"{DATE} {form}")
                if whole.unfit.empty:
                    return f"{DATE} {form}", whole.column
    return CATEGORY, found


def _use(name: str, kind: str, known: pd.Series, distinct: int, rows: int) -> tuple[Use, str]:
    if not len(known):
        return "constant", "is missing in every row"
    if distinct == 1 and len(known) == rows:
        return "constant", f"is always {_example(known)}"
    if kind == NUMBER:
        return _number(name, known, distinct, rows)
    if kind != CATEGORY:
        return "feature", ""
    words = float(np.median([len(str(one).split()) for one in known.head(_SAMPLE)]))
    share = distinct / len(known)
    if words > WORDS and (share > 0.5 or distinct > 1000):
        return "text", f"is free text, {words:.0f} words in the median"
    if distinct > 20 and (share > NEARLY_ALL or (named_as_identifier(name) and share > 0.5)):
        return "identifier", f"has {distinct:,} values in {len(known):,} rows: an identifier"
    if distinct > 100 and share > 0.5:
        return (
            "identifier",
            f"has {distinct:,} values in {len(known):,} rows: too many to learn from",
        )
    return "feature", ""


def _number(name: str, known: pd.Series, distinct: int, rows: int) -> tuple[Use, str]:
    whole = bool((known == known.round()).all()) if np.isfinite(known).all() else False
    if not whole or distinct < len(known) or rows <= 20:
        if whole and distinct > 20 and named_as_identifier(name) and distinct > rows / 2:
            return "identifier", f"has {distinct:,} values in {rows:,} rows, and the name of one"
        return "feature", ""
    if named_as_identifier(name):
        return "identifier", "has another value in every row, and the name of an identifier"
    steps = np.diff(known.to_numpy(dtype=float))
    counts = bool((known.max() - known.min()) == len(known) - 1)
    if counts or (steps > 0).all():
        return "identifier", "counts the rows"
    return "feature", ""


def _example(known: pd.Series) -> str:
    if known.empty:
        return ""
    value: Any = known.iloc[0]
    if isinstance(value, float | np.floating):
        return f"{value:g}"
    return str(value)[:40]
