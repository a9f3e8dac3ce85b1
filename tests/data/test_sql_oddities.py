"""Queries with colons, columns of one name, and whole numbers with gaps."""

import sqlite3
from pathlib import Path

import pytest

from longhaul.data import sources
from longhaul.errors import LonghaulError


@pytest.fixture
def address(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE t (id INTEGER, at TEXT, note TEXT)")
        rows = [(12345678901234567, "2020-01-01 10:00", "a:b"), (None, "2020-01-02 11:30", "x")]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    return f"sqlite:///{tmp_path / 'a.db'}"


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT * FROM t WHERE note = 'a:b'", 1),
        ("SELECT * FROM t WHERE at > '2020-01-01 10:30'", 1),
        ("SELECT *, '{\"a\":1}' AS j, ':x' AS y FROM t", 2),
        ("SELECT * FROM t WHERE note LIKE '%:%'", 1),
        (r"SELECT * FROM t WHERE note = 'a\:b'", 1),
    ],
)
def test_a_colon_is_a_colon(address: str, query: str, rows: int, tmp_path: Path) -> None:
    """It begins no parameter; one that was escaped for that is read as before."""
    assert len(sources.read_undeclared(address, query, tmp_path).frame) == rows


def test_two_columns_of_one_name(address: str, tmp_path: Path) -> None:
    """By name, with what to write."""
    with pytest.raises(LonghaulError, match=r"two columns are called 'id'.*AS a_id"):
        sources.read_undeclared(address, "SELECT * FROM t a JOIN t b ON a.id = b.id", tmp_path)


def test_whole_numbers_with_gaps_stay_exact(address: str, tmp_path: Path) -> None:
    """They are no floats on their way from the driver."""
    frame = sources.read_undeclared(address, "SELECT id FROM t", tmp_path).frame
    assert frame["id"].iloc[0] == 12345678901234567
