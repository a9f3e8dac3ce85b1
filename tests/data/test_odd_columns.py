"""Columns of every type of Parquet: used, left out or refused in one line, never an exception."""

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from longhaul.data import sources
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from longhaul.scaffold import problem_file
from longhaul.scaffold.infer import infer

ROWS = 200
DAY = datetime.date(2020, 1, 1)
COLUMNS: dict[str, Any] = {
    "list": [[1, 2], [3]],
    "struct": [{"p": 1, "q": {"r": 2}}, {"p": 2, "q": {"r": 3}}],
    "map": pa.array([[("k", 1)], [("k", 2)]] * (ROWS // 2), pa.map_(pa.string(), pa.int64())),
    "nested": [[[{"a": [1]}]], [[{"a": [2]}]]],
    "bytes": [b"\xff\x00", b"ab"],
    "fixed": pa.array([b"ab", b"\x00\x7f"] * (ROWS // 2), pa.binary(2)),
    "decimal": [Decimal("1.10"), Decimal("2.5")],
    "wide decimal": pa.array([Decimal("1" * 50), None] * (ROWS // 2), pa.decimal256(60, 2)),
    "duration": [datetime.timedelta(days=1), None],
    "time": [datetime.time(1, 2), datetime.time(23)],
    "levels": pa.array(["u", "v"] * (ROWS // 2)).dictionary_encode(),
    "null": pa.nulls(ROWS),
    "uint64": pa.array([2**64 - 1, 0] * (ROWS // 2), pa.uint64()),
    "zoned": pa.array([0, 86_400] * (ROWS // 2), pa.timestamp("s", "America/New_York")),
    "far days": [datetime.date(9999, 12, 31), datetime.date(1, 1, 1)],
    "far seconds": pa.array([2**40, 0] * (ROWS // 2), pa.timestamp("s")),
    "half": pa.array(np.ones(ROWS, np.float16)),
    "endless": [float("inf"), 1.0],
    "bool": [True, None],
    "control signs": ["a\x00\x1bb", "\x7f\x9f\ufffe"],
}


def column(name: str) -> pa.Array:
    values = COLUMNS[name]
    return values if isinstance(values, pa.Array) else pa.array(values * (ROWS // 2))


def begin(folder: Path, target: str, columns: dict[str, pa.Array]) -> Problem:
    """What init does with a table, and the first reading by its problem file."""
    generator = np.random.default_rng(0)
    names = ["a", *columns, "y"]
    answers = pa.array(np.where(generator.random(ROWS) < 0.4, "yes", "no"))
    arrays = [pa.array(generator.normal(size=ROWS)), *columns.values(), answers]
    pq.write_table(pa.Table.from_arrays(arrays, names=names), folder / "odd.parquet")
    raw = sources.read_undeclared("odd.parquet", "", folder)
    text = problem_file.render(infer(raw.frame, target, "odd.parquet", "", "odd", raw.notes))
    problem = problem_file.parse(text, folder / "odd.yaml")
    sources.read(problem, folder)
    return problem


@pytest.mark.parametrize("name", COLUMNS)
def test_a_feature(tmp_path: Path, name: str) -> None:
    """Read or left out, with the other columns as they are."""
    problem = begin(tmp_path, "y", {name: column(name)})
    assert "a" in problem.columns
    assert (name in problem.columns) != (name in problem.leave_out)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_target(tmp_path: Path, name: str) -> None:
    """Predicted, or refused in one line."""
    try:
        answer = begin(tmp_path, name, {name: column(name)}).target.column
    except LonghaulError as refused:
        answer = str(refused)
    assert answer
    assert "\n" not in answer


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    """Parquet allows them."""
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "odd.parquet")
    with pytest.raises(LonghaulError, match=r"odd\.parquet: two columns are called 'a'"):
        sources.read_undeclared("odd.parquet", "", tmp_path)


def test_a_query_to_a_file(tmp_path: Path) -> None:
    """It is not left out of account in silence."""
    (tmp_path / "odd.csv").write_text("a,y\n1,yes\n")
    with pytest.raises(LonghaulError, match=r"query: 'odd\.csv' is no database"):
        sources.read_undeclared("odd.csv", "SELECT 1", tmp_path)


@pytest.mark.parametrize("text", ["n\udcff", "a\x00b", "\x7f\x85", "\u2028", "\U0001f600", 'q"\\'])
def test_any_text_is_written_into_the_problem_file(text: str) -> None:
    """And read back: names of files and columns may hold what YAML does not let stand."""
    written = problem_file._quote(text)
    written.encode()
    assert problem_file.yaml.load(written, Loader=problem_file.yaml.BaseLoader) == text
