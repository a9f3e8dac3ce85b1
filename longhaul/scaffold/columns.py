"""Format and use of each column of an unknown table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from longhaul.data import reading
from longhaul.data.column_inference import InferredFormat
from longhaul.errors import LonghaulError
from longhaul.features.column_format import CATEGORY, NUMBER

Use = Literal["feature", "identifier", "constant", "text", "nested", "leak"]

NEARLY_ALL = 0.95
MAX_WORDS = 4  # a longer text is prose, not a category
_NAMED_ID = re.compile(
    r"(^|[_\W])(id|ids|uuid|guid|key|index|rownames?|row_?(num|number|id))$|^unnamed: \d+$"
    r"|^(no|nr|rowid|serial)\.?$|(?-i:[a-z](ID|Id|Key)$)",
    re.IGNORECASE,
)
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
    notes : tuple of str
        What was assumed to read it, or what it looks like and is not used as.
    blanks : mapping of str to int
        The words that are taken for blanks, with their rows.
    """

    name: str
    column_format: str
    use: Use
    reason: str
    missing: float
    distinct: int
    example: str
    notes: tuple[str, ...] = ()
    blanks: Mapping[str, int] = field(default_factory=dict)


def infer(column: pd.Series, inferred: InferredFormat) -> tuple[InferredColumn, pd.Series]:
    """Infer the use of a column.

    Parameters
    ----------
    column : Series of n rows
        The raw values; from a CSV file, text.
    inferred : InferredFormat

    Returns
    -------
    InferredColumn
    Series of n rows
        The values, read in the inferred format.
    """
    name, column_format = str(column.name), str(inferred.form)
    try:
        values = reading.read(column, column_format).column
    except LonghaulError:
        first = str(column.dropna().iloc[0])[:40]
        reason = "holds lists or records, not values"
        return InferredColumn(
            name, CATEGORY, "nested", reason, float(column.isna().mean()), 0, first
        ), column
    present = values.dropna()
    distinct = int(present.nunique())
    use, reason = _use(name, inferred.form.column_type, present, distinct, len(values))
    example, missing = _example(present), float(values.isna().mean())
    notes = (*inferred.notes, *_cases(present, inferred.form.column_type))
    return InferredColumn(
        name, column_format, use, reason, missing, distinct, example, notes, inferred.blanks
    ), values


def _cases(present: pd.Series, column_type: str) -> tuple[str, ...]:
    """Note levels that differ only by case: each is a level of its own."""
    if column_type != CATEGORY or not 1 < present.nunique() <= _SAMPLE:
        return ()
    levels = pd.Series(present.unique(), dtype="str")
    alike = levels[levels.str.casefold().duplicated(keep=False)].tolist()
    if not alike:
        return ()
    return (f"has levels that differ only by case, such as {alike[0]!r}: each is one of its own",)


def named_as_identifier(name: str) -> bool:
    """Return whether a column's name is typical of identifiers."""
    return bool(_NAMED_ID.search(name.strip()))


def _use(
    name: str, column_type: str, present: pd.Series, distinct: int, rows: int
) -> tuple[Use, str]:
    if not len(present):
        return "constant", "is missing in every row"
    if distinct == 1 and len(present) == rows:
        return "constant", f"is always {_example(present)}"
    if column_type == NUMBER:
        return _number(name, present, distinct, rows)
    if column_type != CATEGORY:
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
