"""Format and use of each column of an unknown table."""

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

# Common date formats other than ISO 8601.
FORMATS = tuple(
    f"{day}{clock}"
    for day in (
        *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%y"),
        *("%d/%m/%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y"),
    )
    for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
)
NEARLY_ALL = 0.95
MAX_WORDS = 4  # a longer text is prose, not a category
_NAMED_ID = re.compile(
    r"(^|[_\W])(id|ids|uuid|guid|key|index|rownames?|row_?(num|number|id))$|^unnamed: \d+$"
    r"|^(no|nr|rowid|serial)\.?$|(?-i:[a-z](ID|Id|Key)$)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_SAMPLE = 1000


@dataclass(frozen=True)
class InferredColumn:
    """A column of the table, with its inferred format and use.

    Attributes
    ----------
    name : str
    column_format : str
        As in the problem file's ``columns``.
    use : str
    reason : str
        Why it is no feature; empty for a feature.
    missing : float
        The share of rows without a value.
    distinct : int
    example : str
    """

    name: str
    column_format: str
    use: Use
    reason: str
    missing: float
    distinct: int
    example: str


def infer(column: pd.Series) -> tuple[InferredColumn, pd.Series]:
    """Infer the format and the use of a column.

    Parameters
    ----------
    column : Series of n rows
        The raw values; from a CSV file, text.

    Returns
    -------
    InferredColumn
    Series of n rows
        The values, read in the inferred format.
    """
    name = str(column.name)
    try:
        column_format, values = _read(column)
    except LonghaulError:
        first = str(column.dropna().iloc[0])[:40]
        reason = "holds lists or records, not values"
        return InferredColumn(
            name, CATEGORY, "nested", reason, float(column.isna().mean()), 0, first
        ), column
    present = values.dropna()
    distinct = int(present.nunique())
    use, reason = _use(name, column_format, present, distinct, len(values))
    example, missing = _example(present), float(values.isna().mean())
    return InferredColumn(name, column_format, use, reason, missing, distinct, example), values


def named_as_identifier(name: str) -> bool:
    """Return whether a column's name is typical of identifiers."""
    return bool(_NAMED_ID.search(name.strip()))


def _read(column: pd.Series) -> tuple[str, pd.Series]:
    values = reading.read(column).column
    if types.is_datetime64_any_dtype(values):
        return DATE, values
    if types.is_numeric_dtype(values):
        return NUMBER, values
    present = values.dropna()
    if present.empty:
        return CATEGORY, values
    numeric = reading.read(column, NUMBER)
    few_unfit = len(numeric.unfit) <= (1 - NEARLY_ALL) / 10 * len(present)
    if few_unfit and not present.head(_SAMPLE).str.match(r"^[+-]?0\d").any():
        return NUMBER, numeric.column
    sample = present.drop_duplicates().head(_SAMPLE)
    if sample.str.contains(_DIGIT).all() and sample.str.len().max() <= 30:
        for date_format in FORMATS:
            if pd.to_datetime(sample, format=date_format, errors="coerce").notna().all():
                dates = reading.read(column, f"{DATE} {date_format}")
                if dates.unfit.empty:
                    return f"{DATE} {date_format}", dates.column
    return CATEGORY, values


def _use(
    name: str, column_format: str, present: pd.Series, distinct: int, rows: int
) -> tuple[Use, str]:
    if not len(present):
        return "constant", "is missing in every row"
    if distinct == 1 and len(present) == rows:
        return "constant", f"is always {_example(present)}"
    if column_format == NUMBER:
        return _number(name, present, distinct, rows)
    if column_format != CATEGORY:
        return "feature", ""
    words = float(np.median([len(str(text).split()) for text in present.head(_SAMPLE)]))
    share = distinct / len(present)
    if words > MAX_WORDS and (share > 0.5 or distinct > 1000):
        return "text", f"is free text, {words:.0f} words in the median"
    if distinct > 20 and (share > NEARLY_ALL or (named_as_identifier(name) and share > 0.5)):
        return "identifier", f"has {distinct:,} values in {len(present):,} rows: an identifier"
    if distinct > 100 and share > 0.5:
        return (
            "identifier",
            f"has {distinct:,} values in {len(present):,} rows: too many to learn from",
        )
    return "feature", ""


def _number(name: str, present: pd.Series, distinct: int, rows: int) -> tuple[Use, str]:
    integers = bool((present == present.round()).all()) if np.isfinite(present).all() else False
    if not integers or distinct < len(present) or rows <= 20:
        if integers and distinct > 20 and named_as_identifier(name) and distinct > rows / 2:
            return "identifier", f"has {distinct:,} values in {rows:,} rows, and is named like one"
        return "feature", ""
    if named_as_identifier(name):
        return "identifier", "has another value in every row, and is named like an identifier"
    steps = np.diff(present.to_numpy(dtype=float))
    consecutive = bool((present.max() - present.min()) == len(present) - 1)
    if consecutive or (steps > 0).all():
        return "identifier", "counts the rows"
    return "feature", ""


def _example(present: pd.Series) -> str:
    if present.empty:
        return ""
    value: Any = present.iloc[0]
    if isinstance(value, float | np.floating):
        return f"{value:g}"
    return str(value)[:40]
