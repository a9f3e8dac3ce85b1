"""What a program wrote, in its locale, is read back equal."""

import csv
import io
import math
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import damaged
from longhaul.data import column_inference, reading, sources
from tests import tables

NUMBERS = st.lists(
    st.none() | st.floats(-1e12, 1e12, allow_nan=False).map(lambda value: round(value, 3)),
    min_size=8,
    max_size=30,
)
TIMES = st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1))
WORDS = st.text(
    st.characters(categories=("L",), max_codepoint=0x24F), min_size=1, max_size=8
).filter(lambda word: word.lower() not in {"na", "nan", "null", "true", "false", "inf"})
DIALECTS = {
    "pandas": (",", "", ".", "%Y-%m-%d %H:%M:%S"),
    "Excel, German": (";", ".", ",", "%d.%m.%Y %H:%M:%S"),
    "Excel, French": (";", "\u202f", ",", "%d/%m/%Y %H:%M:%S"),
    "Excel, Swiss": (";", "’", ".", "%d.%m.%Y %H:%M:%S"),
    "Excel, American": (",", ",", ".", "%m/%d/%Y %I:%M:%S %p"),
    "COPY of PostgreSQL": ("\t", "", ".", "%Y-%m-%d %H:%M:%S"),
}


@st.composite
def truths(draw: st.DrawFn) -> pd.DataFrame:
    """Numbers, some with gaps; times of which some day is above 12; words."""
    numbers = draw(NUMBERS)
    count = len(numbers)
    times = [draw(TIMES).replace(microsecond=0) for _ in range(count - 1)]
    words = draw(st.lists(WORDS, min_size=count, max_size=count))
    return pd.DataFrame(
        {
            "amount": pd.Series(numbers, dtype=float),
            "sold": [datetime(2020, 12, 31, 23, 59), *times],
            "word": words,
            "place": range(count),
        }
    )


def write(frame: pd.DataFrame, dialect: str, path: Path) -> None:
    """Write a table as a program does in its locale; without a value, nothing."""
    separator, group, decimal, times = DIALECTS[dialect]
    body = io.StringIO()
    writer = csv.writer(body, delimiter=separator)
    writer.writerow(frame.columns)
    for row in frame.itertuples(index=False):
        amount = damaged.number(row.amount, group, decimal)
        writer.writerow([amount, row.sold.strftime(times), row.word, row.place])
    path.write_text(body.getvalue(), encoding="utf-8-sig" if "Excel" in dialect else "utf-8")


def assert_read_back(frame: pd.DataFrame, path: Path) -> None:
    """A column of numbers is equal, or a note says what else it may be; the others are equal."""
    raw = sources.read_undeclared(path.name, "", path.parent)
    forms = column_inference.infer_all({str(n): c for n, c in raw.frame.items()}, raw.comma)
    read = {name: reading.read(raw.frame[name], str(forms[name].form)) for name in frame}
    assert [value.unfit.tolist() for value in read.values()] == [[]] * 4
    assert read["sold"].column.tolist() == frame["sold"].tolist()
    assert read["word"].column.tolist() == frame["word"].str.strip().tolist()
    assert read["place"].column.tolist() == frame["place"].tolist()
    amounts = read["amount"].column.astype(float)
    if not np.array_equal(amounts, frame["amount"], equal_nan=True):
        assert forms["amount"].ambiguous
        assert forms["amount"].notes


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(frame=truths())
def test_what_programs_write(tmp_path: Path, dialect: str, frame: pd.DataFrame) -> None:
    """Of any numbers, times and words."""
    if not math.isfinite(frame["amount"].sum()) or frame["amount"].isna().all():
        return
    write(frame, dialect, tmp_path / "t.csv")
    assert_read_back(frame, tmp_path / "t.csv")


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(frame=truths())
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_duckdb_writes(tmp_path: Path, form: str, frame: pd.DataFrame) -> None:
    """By its COPY."""
    duckdb = pytest.importorskip("duckdb")
    if frame["amount"].isna().all():
        return
    with duckdb.connect() as connection:
        connection.register("t", frame)
        header = ", HEADER" if form == "csv" else ""
        connection.execute(f"COPY t TO '{tmp_path / f't.{form}'}' (FORMAT {form}{header})")
    assert_read_back(frame, tmp_path / f"t.{form}")


@pytest.mark.parametrize("way", damaged.WAYS)
def test_no_silent_wrong_value(tmp_path: Path, way: str) -> None:
    """However a table is written: each column is read right, or kept as text and said."""
    frame = tables.churn(rows_per_month=30).drop(columns="day")
    signed = np.linspace(-4321.125, 98765.5, len(frame)).round(3)
    counts = damaged.judge(damaged.with_times(frame.assign(signed=signed)), way, tmp_path)
    assert counts["wrong"] == 0
    assert counts["right"] >= 6
