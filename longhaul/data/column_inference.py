"""Inference of the format of a column from all of its rows."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from longhaul.data import dated_numbers
from longhaul.data.plain_types import to_plain_type
from longhaul.data.text_levels import TextLevels
from longhaul.errors import LonghaulError
from longhaul.features import (
    blanks,
    column_format,
    date_inference,
    lookalikes,
    number_inference,
    time_zone,
    zone_mark,
)
from longhaul.features.column_format import CATEGORY, DATE, NUMBER, ColumnFormat
from longhaul.features.date_format import DateFormat

_MANY = 50_000
# Codes of one kind, in which NA, na or Na is one more: of regions, countries, chemical elements.
_CODES = {"NA": r"[A-Z]{2,5}", "na": r"[a-z]{2}", "Na": r"[A-Z][a-z]?"}
_ANSWERS = frozenset({"yes", "no", "true", "false", "y", "n", "t", "f"})


@dataclass(frozen=True)
class InferredFormat:
    """Format of a column that was inferred.

    Attributes
    ----------
    form : ColumnFormat
    notes : tuple of str
        What was assumed, or what the column looks like and is not used as.
    blanks : mapping of str to int
        The words that are taken for blanks, with their rows.
    ambiguous : bool
        Whether commas or points in its numbers have two meanings.
    decimal : str
        The decimal sign of its numbers, where it is beyond doubt; else empty.
    """

    form: ColumnFormat
    notes: tuple[str, ...] = ()
    blanks: Mapping[str, int] = field(default_factory=dict)
    ambiguous: bool = False
    decimal: str = ""


@dataclass(frozen=True)
class Conventions:
    """Conventions of a table, for columns that do not say by themselves.

    Attributes
    ----------
    comma : bool
        Whether a comma is the decimal sign.
    evident : bool
        Whether the table shows that it is: no column has decimal points.
    words : frozenset of str
        Words that are blanks among numbers and times.
    """

    comma: bool = False
    evident: bool = False
    words: frozenset[str] = frozenset()


Inference = Callable[[Conventions], InferredFormat]


def infer_all(columns: Mapping[str, pd.Series], comma: bool) -> dict[str, InferredFormat]:
    """Infer the format of every column; a column in doubt follows the others.

    Parameters
    ----------
    columns : mapping of str to Series
    comma : bool
        Whether the separator of the file is a semicolon: then a comma is a decimal sign.
    """
    return decide(
        {name: partial(infer_leniently, column) for name, column in columns.items()}, comma
    )


def decide(inferences: Mapping[str, Inference], comma: bool) -> dict[str, InferredFormat]:
    """Infer every column; one that is in doubt again, with the conventions of the others."""
    inferred = {name: inference(Conventions(comma)) for name, inference in inferences.items()}
    signs = {result.decimal for result in inferred.values()}
    words = {
        blanks.key(word)
        for result in inferred.values()
        if result.form.column_type != CATEGORY
        for word in result.blanks
        if word.strip()
    }
    evident = (comma or "," in signs) and "." not in signs
    conventions = Conventions(comma or evident, evident, frozenset(words))
    for name, result in inferred.items():
        kept = result.form.keep and words & set(map(blanks.key, result.form.keep))
        if result.ambiguous or kept:
            inferred[name] = inferences[name](conventions)
    return inferred


def infer_counted(
    name: str, levels: Sequence[Any], counts: Sequence[int], conventions: Conventions
) -> InferredFormat:
    """Infer the format of a column from its different values, texts or numbers, and their rows."""
    texts = all(isinstance(level, str) for level in levels)
    if not texts:
        return _typed_numbers(pd.Series(levels), name)
    plain = infer(pd.Series(levels, dtype="str", name=name), conventions)
    if plain.form == ColumnFormat(NUMBER) and not plain.notes:
        return plain
    return _infer_texts(TextLevels(list(levels), list(counts)), name, conventions)


def infer_leniently(column: pd.Series, conventions: Conventions) -> InferredFormat:
    """Infer a format; a column of lists and the like is a category."""
    try:
        return infer(column, conventions)
    except LonghaulError:
        return InferredFormat(ColumnFormat(CATEGORY))


def infer(column: pd.Series, conventions: Conventions) -> InferredFormat:
    """Infer the format of a column from all of its values.

    Raises
    ------
    LonghaulError
        When it holds values that are neither numbers, texts nor times.
    """
    name, plain = str(column.name), to_plain_type(column)
    if types.is_datetime64_any_dtype(plain):
        zone = _zone_name(plain)
        notes = (f"has the time zone {zone}",) if zone else ()
        return InferredFormat(ColumnFormat(DATE, date=DateFormat(zone=zone)), notes)
    if types.is_numeric_dtype(plain):
        return _typed_numbers(plain, name)
    texts = TextLevels.of(plain)
    if texts.plain is not None:
        return _typed_numbers(texts.plain, name, decimal="." if texts.points else "")
    return _infer_texts(texts, name, conventions)


def _infer_texts(texts: TextLevels, name: str, conventions: Conventions) -> InferredFormat:
    numbers = number_inference.infer(
        texts.levels, texts.counts, conventions.comma, conventions.evident
    )
    if numbers.format is not None:
        form = ColumnFormat(NUMBER, numbers.format, blank=numbers.blank)
        if column_format.parse(str(form)) != form:
            note = f"looks like numbers, but no format can say so with {numbers.blank}: text"
            return InferredFormat(ColumnFormat(CATEGORY), (note,))
        values = pd.Series([form.number_of(text) for text in texts.levels], dtype=float)
        dated = _dated(values.dropna(), name) if form == ColumnFormat(NUMBER) else None
        if dated is not None:
            return dated
        taken = _taken(texts, form)
        return InferredFormat(form, numbers.notes, taken, numbers.ambiguous, numbers.decimal)
    levels, counts = texts.sample(_MANY)
    dates = date_inference.infer(levels, counts, conventions.comma)
    if dates.format is not None:
        zone, notes = _zone(levels, dates.format)
        form = ColumnFormat(DATE, date=replace(dates.format, zone=zone))
        return InferredFormat(form, (*dates.notes, *notes), _taken(texts, form))
    keep = _levels_like_others(texts, conventions)
    form = ColumnFormat(CATEGORY, keep=keep)
    present = [level for level in levels if not form.is_blank(level)]
    notes = dates.notes or numbers.notes or tuple(filter(None, (lookalikes.note(present),)))
    if keep:
        notes = (*notes, f"{', '.join(map(repr, keep))} is a value like the others, no blank")
    return InferredFormat(form, notes, _taken(texts, form))


def _typed_numbers(column: pd.Series, name: str, decimal: str = "") -> InferredFormat:
    """Infer the format of a column that holds numbers already."""
    present = column.dropna()
    if types.is_bool_dtype(column):
        return InferredFormat(ColumnFormat(NUMBER))
    dated = _dated(present, name)
    if dated is not None:
        return dated
    endless = int(np.isinf(present.to_numpy(dtype=float)).sum())
    if endless:
        note = f"has {endless:,} infinite values: read as blanks"
        return InferredFormat(
            ColumnFormat(NUMBER, blank=("inf", "-inf")), (note,), {"inf": endless}
        )
    return InferredFormat(ColumnFormat(NUMBER), decimal=decimal)


def _dated(present: pd.Series, name: str) -> InferredFormat | None:
    """Return the format of numbers that are times, or that may be some; None for others."""
    spelling, note = dated_numbers.infer(present.to_numpy(dtype=float), name)
    if spelling:
        form = ColumnFormat(DATE, date=DateFormat((spelling,)))
        return InferredFormat(form, (note,) if note else ())
    return InferredFormat(ColumnFormat(NUMBER), (note,)) if note else None


def _zone_name(column: pd.Series) -> str:
    """Return the name of the zone of a column of times; empty if they have none."""
    zone: Any = column.dt.tz
    if zone is None:
        return ""
    key = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if key:
        return str(key)
    first = column.dropna()
    moment = first.iloc[0] if len(first) else pd.Timestamp(0, tz=zone)
    return time_zone.name_of(moment.utcoffset() or timedelta(0))


def _zone(levels: Sequence[str], form: DateFormat) -> tuple[str, tuple[str, ...]]:
    """Return the zone of texts of times: the first offset; and what to say of it."""
    marks = [mark for text in levels if (mark := form.mark_of(text)) is not None]
    if not marks:
        return "", ()
    times = [text for text in levels if form.parse(text) is not None]
    names = list(dict.fromkeys(zone_mark.name(*mark) for mark in marks))
    notes = [f"has offsets from UTC ({', '.join(names[:4])}): read as the clock of {names[0]}"]
    if len(names) > 1:
        notes.append("write a zone such as Europe/Berlin for the clock of a place")
    if len(marks) < len(times):
        bare = next(text for text in times if form.mark_of(text) is None)
        notes.append(f"others have no offset, such as {bare!r}: taken for that clock")
    return names[0], ("; ".join(notes),)


def _taken(texts: TextLevels, form: ColumnFormat) -> dict[str, int]:
    """Return the words of a column that are taken for blanks, with their rows."""
    return {
        text: rows
        for text, rows in zip(texts.levels, texts.counts, strict=True)
        if text.strip() and form.is_blank(text)
    }


def _levels_like_others(texts: TextLevels, conventions: Conventions) -> tuple[str, ...]:
    """Return the words for blanks that are levels like the others: NA among EU and APAC."""
    usual = ColumnFormat(CATEGORY)
    levels = {text.strip() for text in texts.levels if text.strip()}
    words = [level for level in levels if usual.is_blank(level)]
    if len(words) != 1 or words[0] not in _CODES or blanks.key(words[0]) in conventions.words:
        return ()
    others = [level for level in levels if not usual.is_blank(level)]
    codes = sum(bool(re.fullmatch(_CODES[words[0]], level)) for level in others)
    answers = _ANSWERS.issuperset(map(str.lower, others))
    alike = len(others) >= 2 and codes >= 0.9 * len(others) and not answers
    return tuple(words) if alike else ()
