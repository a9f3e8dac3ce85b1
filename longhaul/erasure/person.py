"""Person to forget: a key column, and the texts that name the person in it."""

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from longhaul.errors import LonghaulError
from longhaul.features import formats

FORGOTTEN = "forgotten"  # stands where a value stood in a text
_DISTINCT_LENGTH = 6  # digits: shorter numbers stand in every text for something else


@dataclass(frozen=True)
class Person:
    """Column, and the values in it that name the person, as texts.

    Attributes
    ----------
    key : str
    texts : frozenset of str
    """

    key: str
    texts: frozenset[str]

    def matches(self, value: Any) -> bool:
        """Return whether a value of the column is the person's."""
        return not formats.is_missing(value) and formats.text(value) in self.texts

    @cached_property
    def words(self) -> re.Pattern[str]:
        """Pattern of the texts as words."""
        return _words(self.texts)

    @cached_property
    def distinct(self) -> frozenset[str]:
        """Texts that cannot stand for something else: all but short numbers."""
        is_short = (text.isdecimal() and len(text) < _DISTINCT_LENGTH for text in self.texts)
        return frozenset(t for t, short in zip(self.texts, is_short, strict=True) if not short)

    @cached_property
    def distinct_words(self) -> re.Pattern[str] | None:
        """Pattern of the distinct texts as words; None where there are none."""
        return _words(self.distinct) if self.distinct else None


def load(file: Path, key: str) -> Person:
    """Load a person from a file with one value per line.

    Raises
    ------
    LonghaulError
        When it cannot be read or has no value.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LonghaulError(f"values: {file} cannot be read: {error}") from None
    texts = frozenset(line.strip() for line in lines if line.strip())
    if not texts:
        raise LonghaulError(f"values: {file} has none; write a value of {key!r} on each line")
    return Person(key, texts)


def written(text: str) -> set[str]:
    """Return the forms in which a document may have a text: plain, in JSON and in HTML."""
    in_json = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    return {text, html.escape(text), *in_json}


def _words(texts: Iterable[str]) -> re.Pattern[str]:
    forms = {form for text in texts for form in written(text)}
    either = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])")
