"""Texts about a person: values and reasons in documents, and examples of a model's input."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from longhaul.erasure.person import FORGOTTEN, Person, written
from longhaul.features import formats

DOCUMENTS = (".json", ".html", ".md", ".txt", ".yaml", ".csv")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
EXAMPLES = ("input_example.json", "serving_input_example.json")


class Redaction:
    """Replacement of a person's values, and of the reasons why the person's rows were refused.

    Parameters
    ----------
    person : Person
    reasons : collection of str
        Of no other row.
    """

    def __init__(self, person: Person, reasons: Collection[str]):
        self._pattern = person.distinct_words
        forms = {form for reason in reasons for form in written(reason)}
        either = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
        self._reasons = re.compile(either) if either else None

    def apply(self, text: str) -> str:
        """Return a text without them."""
        for pattern in (self._reasons, self._pattern):
            text = pattern.sub(FORGOTTEN, text) if pattern else text
        return text

    def apply_to_file(self, file: Path) -> bool:
        """Write a document anew without them; return whether it had any."""
        try:
            text = file.read_bytes().decode()
        except UnicodeDecodeError:
            return False
        redacted = self.apply(text)
        if redacted == text:
            return False
        replace_text(file, redacted)
        return True


def blank_example(file: Path, people: pd.DataFrame) -> int:
    """Blank the rows of an example of a model's input that are a person's; return how many.

    Parameters
    ----------
    file : Path
        A JSON document of MLflow with ``columns`` and ``data``.
    people : DataFrame
        The person's rows of tables.
    """
    document = json.loads(file.read_text(encoding="utf-8"))
    split = document.get("dataframe_split", document) if isinstance(document, dict) else {}
    if not {"columns", "data"} <= split.keys():
        return 0
    columns, count = split["columns"], 0
    if not set(columns) <= set(people.columns):
        return 0
    persons = {tuple(map(_comparable, row)) for row in people[columns].to_numpy(object)}
    for row in split["data"]:
        if tuple(map(_comparable, row)) in persons:
            row[:] = [None] * len(row)
            count += 1
    if count:
        replace_text(file, json.dumps(document))
    return count


def replace_text(file: Path, text: str) -> None:
    """Write a document anew, completely or not at all."""
    draft = file.with_name(f".{file.name}.draft")
    draft.write_bytes(text.encode())
    draft.replace(file)


def unique_reasons(removed: Sequence[str], kept: Collection[str]) -> set[str]:
    """Return the reasons of removed rows that no other row has."""
    return {reason for reason in removed if reason} - set(kept)


def _comparable(value: Any) -> str:
    """Write a value so that it is the same from a table and from JSON."""
    if value is None or value is pd.NaT or formats.is_missing(value):
        return ""
    if isinstance(value, bool | int | float):
        return formats.text(float(value))
    if isinstance(value, Mapping | list):
        return json.dumps(value)
    time = (
        pd.to_datetime(value, errors="coerce") if re.match(r"\d{4}-\d\d-\d\d", str(value)) else None
    )
    return str(value) if time is None or time is pd.NaT else str(time.isoformat())
