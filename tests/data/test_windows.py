"""Windows that move on to the newest period."""

from pathlib import Path

import pytest

from longhaul.data import windows
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from tests import tables

MONTHS = [f"2020-{month:02d}" for month in range(1, 10)]


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    return tables.problem(tmp_path)


def test_extended(problem: Problem) -> None:
    """All that is known, in three: the newest tests, the one before it validates."""
    found = windows.until(problem, MONTHS, "2020-08", "expanding").windows
    assert found.train == ("2020-01", "2020-06")
    assert found.valid == ("2020-07", "2020-07")
    assert found.test == ("2020-08", "2020-08")
    assert found.production == ("2020-09", "2020-09")


def test_sliding(problem: Problem) -> None:
    """As many periods to train on as were declared: four."""
    found = windows.until(problem, MONTHS, "2020-08", "sliding").windows
    assert found.train == ("2020-03", "2020-06")


def test_the_declared_windows_are_found_again(problem: Problem) -> None:
    """With June the newest: January to April, May, June."""
    found = windows.until(problem, MONTHS, "2020-06", "expanding").windows
    assert found == problem.windows


def test_beyond_the_declared_end(problem: Problem) -> None:
    """Production goes on after the last period that was declared."""
    found = windows.until(problem, [*MONTHS, "2020-10"], "2020-10", "expanding").windows
    assert found.production == ("2020-11", "2020-11")


@pytest.mark.parametrize(
    ("newest", "kind", "message"),
    [
        ("2020-08", "wide", "window: 'wide' is unknown; choose one of expanding, sliding"),
        ("2020-02", "expanding", "takes three periods up to '2020-02'; the table has 2020-01"),
        ("2021-01", "expanding", "up to '2021-01'"),
    ],
)
def test_what_cannot_be(problem: Problem, newest: str, kind: str, message: str) -> None:
    """One line."""
    with pytest.raises(LonghaulError, match=message):
        windows.until(problem, MONTHS, newest, kind)
