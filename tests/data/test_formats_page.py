"""The page on one's own table says what is read: each line of its table is so."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.data import column_inference, reading
from longhaul.data.column_inference import Conventions
from longhaul.features import column_format
from longhaul.features.encoder import Encoder
from longhaul.features.formats import number, time

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
        assert None not in [read.number_of(value) for value in values if not read.is_blank(value)]
    if read.column_type == "date":
        assert None not in [read.time_of(value) for value in values]


def test_the_table_is_complete() -> None:
    """Every kind of format is in it."""
    forms = [form for _, form in lines()]
    assert len(forms) >= 35
    for part in ("%", "€", "(", "-", "'", "keep", " in ", "|", "%b", "%I", "%Y%m%d", "category"):
        assert any(part in form for form in forms), part


FORMS = sorted({form for _, form in lines()} | {"number blank 5, x", "date %Y-%d-%m | iso in UTC"})
VALUES = [value for values, _ in lines() for value in values]
ODD = ["", " ", "NA", "x", "1e400", "2020-05-31 24:00:00", "2020-05-31T23:59:60Z", "5,-", "Rs.500"]
WRITTEN = st.sampled_from([*VALUES, *ODD]) | st.text("0123456789.,-+()$€% eE/:TZ'", max_size=20)


@given(st.sampled_from(FORMS), st.lists(WRITTEN, min_size=1, max_size=12))
def test_a_value_is_read_alike_wherever_it_comes_from(form: str, values: list[str]) -> None:
    """In a table, which training, batches and Spark read, and alone, as the service does."""
    declared = column_format.parse(form)
    read = reading.read(pd.Series(values, dtype="str", name="c"), form)
    for value, found in zip(values, read.column, strict=True):
        if declared.column_type == "number":
            assert np.array_equal(found, number(value, declared), equal_nan=True)
        elif declared.column_type == "date":
            assert (None if pd.isna(found) else found) == time(value, declared)
        else:
            assert pd.isna(found) == declared.is_blank(value)
    encoder = Encoder.fit(read.column.to_frame(), ["c"], 1, {"c": form})
    alone = [encoder.encode({"c": [value]}, 1)[0] for value in values]
    np.testing.assert_array_equal(alone, encoder.transform(read.column.to_frame()))
