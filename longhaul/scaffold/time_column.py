"""Choice of the column that orders the rows, and what to say of the columns of times."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd
from pandas.api import types

from longhaul.data.dated_numbers import TIME_NAME
from longhaul.features import column_format
from longhaul.features.column_format import DATE
from longhaul.features.date_format import DateFormat
from longhaul.features.number_inference import tolerated
from longhaul.problem import Time
from longhaul.scaffold import windows
from longhaul.scaffold.columns import InferredColumn
from longhaul.scaffold.windows import WindowPlan

_BIRTH_NAME = re.compile(r"birth|born|dob", re.IGNORECASE)
_MOST = 10


def choose(columns: Sequence[InferredColumn], values: Mapping[str, pd.Series]) -> str:
    """Return the column that orders the rows; empty if there is none.

    A few rows without a time are set aside when the table is read.
    """
    names = [column.name for column in columns if not _obstacle(column, values[column.name])]
    telling = [name for name in names if TIME_NAME.search(name)]
    return (telling or names or [""])[0]


def _obstacle(column: InferredColumn, values: pd.Series) -> str:
    """Return why a column cannot order the rows; empty if it can."""
    if column.use != "feature" or not types.is_datetime64_any_dtype(values):
        return "is not used"
    missing = int(values.isna().sum())
    if missing > tolerated(len(values)):
        return f"has no time in {missing:,} of {len(values):,} rows, such as row {_first(values)}"
    if column.distinct < windows.MIN_PERIODS:
        return f"has only {column.distinct} different times"
    return "looks like a date of birth" if _BIRTH_NAME.search(column.name) else ""


def _first(values: pd.Series) -> int:
    return int(values.isna().to_numpy().argmax()) + 1


def unused_notes(
    columns: Sequence[InferredColumn], values: Mapping[str, pd.Series], time: Time | None
) -> list[str]:
    """Note the columns of times that do not order the rows, each with the reason."""
    if time is not None:
        return []
    dated = [c for c in columns if types.is_datetime64_any_dtype(values[c.name])]
    few = "its periods are too few, or have too few outcomes, for windows"
    return [
        f"{column.name!r} holds times, but does not order the rows:"
        f" {_obstacle(column, values[column.name]) or few}"
        for column in dated
    ]


def with_zone(
    plan: WindowPlan, columns: Sequence[InferredColumn]
) -> tuple[WindowPlan, list[InferredColumn]]:
    """Write the zone of the first offset as the problem's, in place of one for each column."""
    time = plan.time
    if time is None:
        return plan, list(columns)
    ordered = sorted(columns, key=lambda column: column.name != time.column)
    forms = {c.name: column_format.parse(c.column_format) for c in ordered}
    zones = [form.date.zone for form in forms.values() if form.date.zone]
    if not zones:
        return plan, list(columns)
    changed = [
        replace(column, column_format=_without_zone(column.column_format)) for column in columns
    ]
    return replace(plan, time=replace(time, zone=zones[0])), changed


def _without_zone(text: str) -> str:
    form = column_format.parse(text)
    if form.column_type != DATE:
        return text
    return str(replace(form, date=DateFormat(form.date.spellings)))


def blank_notes(
    target: Iterable[tuple[str, Mapping[str, int]]], columns: Sequence[InferredColumn]
) -> list[str]:
    """Say which words are taken for blanks, in which columns and how often."""
    by_word: dict[str, list[str]] = {}
    for name, taken in (*target, *((column.name, column.blanks) for column in columns)):
        for word, rows in taken.items():
            by_word.setdefault(word.strip(), []).append(f"{name!r} ({rows:,})")
    return [
        f"{word!r} is taken for a blank in {', '.join(names[:_MOST])}"
        + (f" and {len(names) - _MOST} more columns" if names[_MOST:] else "")
        for word, names in by_word.items()
    ]
