"""The page on one's own table says what is read: each line of its table is so."""

import re
from pathlib import Path

import pandas as pd
import pytest

from longhaul.data import column_inference
from longhaul.data.column_inference import Conventions
from longhaul.features import column_format

PAGE = Path(__file__).resolve().parents[2] / "docs" / "own-table.md"


def lines() -> list[tuple[list[str], str]]:
    """The values and the format of each line of the table."""
    section = PAGE.read_text().partition("## What is read")[2].partition("\n## ")[0]
    rows = [re.split(r"(?<!\\)\|", line) for line in section.splitlines() if line.startswith("| `")]
    return [
        (re.findall(r"`([^`]+)`", row[1]), row[2].strip().strip("`").replace("\\|", "|"))
        for row in rows
    ]


@pytest.mark.parametrize(("values", "form"), lines())
def test_each_line_is_so(values: list[str], form: str) -> None:
    """The values are inferred to have the format, and are read in it."""
    column = pd.Series(values, dtype="str", name="c")
    inferred = column_inference.infer(column, Conventions())
    assert str(inferred.form) == form
    read = column_format.parse(form)
    if read.column_type == "number":
        assert None not in [read.number_of(value) for value in values]
    if read.column_type == "date":
        assert None not in [read.time_of(value) for value in values]


def test_the_table_is_complete() -> None:
    """Every kind of format is in it."""
    forms = [form for _, form in lines()]
    assert len(forms) >= 35
    for part in ("%", "€", "(", "-", "'", "keep", " in ", "|", "%b", "%I", "%Y%m%d", "category"):
        assert any(part in form for form in forms), part
