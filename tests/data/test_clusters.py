"""Clusters of rows that share their fate."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul import problem_yaml
from longhaul.data import clusters, label_lag
from longhaul.errors import LonghaulError
from longhaul.problem import Batches, Problem, Target, Time, Windows

TIMED = Problem(
    "flights",
    "flights",
    Target("late"),
    Windows(("2013-01", "2013-01"), ("2013-02", "2013-02"), ("2013-03", "2013-03"), ("2013-04",)),
    time=Time("departure"),
)
BATCHES = Problem(
    "survey",
    "survey",
    Target("yes"),
    Windows(("1", "1"), ("2", "2"), ("3", "3"), ("4",)),
    batches=Batches(),
)
FRAME = pd.DataFrame(
    {
        "departure": pd.to_datetime(["2013-01-31 23:59", "2013-02-01 00:00", "2013-02-01 05:00"]),
        "user": ["ann", None, "ann"],
    }
)


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        ("", ["2013-01-31", "2013-02-01", "2013-02-01"]),
        ("hour", ["2013-01-31 23", "2013-02-01 00", "2013-02-01 05"]),
        ("week", ["2013-W05", "2013-W05", "2013-W05"]),
        ("month", ["2013-01", "2013-02", "2013-02"]),
    ],
)
def test_times_are_clusters(cluster: str, expected: list[str]) -> None:
    """The day by default."""
    assert clusters.of(FRAME, replace(TIMED, cluster=cluster)).tolist() == expected


def test_a_column_is_gathered_in_groups() -> None:
    """Rows with the same value share one, missing values too; in any batch and order."""
    declared = replace(TIMED, cluster="user")
    groups = clusters.of(FRAME, declared)
    assert groups[0] == groups[2] != groups[1]
    assert clusters.of(FRAME.iloc[::-1], declared).tolist() == groups[::-1].tolist()
    many = FRAME.iloc[[0] * 5000].assign(user=[f"user {n}" for n in range(5000)])
    counts = np.unique(clusters.of(many, declared), return_counts=True)[1]
    assert len(counts) == clusters.GROUPS
    assert counts.min() > 30


@given(st.integers(1, 400), st.integers(1, 400))
def test_rows_keep_their_group_in_any_batch(count: int, size: int) -> None:
    """Where rows are independent, a row's group hangs on its place alone."""
    frame = pd.DataFrame({"x": range(count)})
    together = clusters.of(frame, BATCHES)
    starts = range(0, count, size)
    parts = [
        clusters.of(frame[s : s + size], BATCHES, np.arange(s, min(s + size, count)))
        for s in starts
    ]
    assert np.concatenate(parts).tolist() == together.tolist()


def test_the_default_is_the_day_the_group_or_the_row() -> None:
    """In this order."""
    assert TIMED.sampling_unit == "day"
    assert replace(TIMED, group="user").sampling_unit == "day"
    assert replace(BATCHES, group="user").sampling_unit == "user"
    assert BATCHES.sampling_unit == "row"
    assert clusters.describe_unit(replace(BATCHES, group="user")) == "groups of 'user'"


def test_a_cluster_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """A time without a time column; a column that is not there."""
    declared = {"name": "x", "source": "x.csv", "target": {"column": "y"}, "batches": {}}
    windows = {"train": ["1", "1"], "valid": ["2", "2"], "test": ["3", "3"], "production": ["4"]}
    with pytest.raises(LonghaulError, match="cluster: week needs a time column"):
        problem_yaml.parse({**declared, "windows": windows, "cluster": "week"}, "problem.yaml")
    with pytest.raises(LonghaulError, match="cluster: column 'who' is not in the table"):
        replace(TIMED, cluster="who").require(["late", "departure"])
    with pytest.raises(LonghaulError, match="cluster: column 'who' is not in the table"):
        clusters.of(FRAME, replace(TIMED, cluster="who"))


@pytest.mark.parametrize(
    ("lag", "length", "whole", "days"),
    [
        (0, "month", 0, 31),
        (2, "month", 2, 93),
        ("1 day", "month", 0, 1),
        ("6 hours", "day", 0, 0.25),
        ("30 days", "month", 1, 30),
        ("27 days", "month", 0, 27),
        ("2 weeks", "week", 2, 14),
        ("10 days", "week", 1, 10),
        ("100 days", "quarter", 1, 100),
        ("1 week", "year", 0, 7),
    ],
)
def test_a_lag_in_periods_and_in_days(lag: int | str, length: str, whole: int, days: float) -> None:
    """A lag that is shorter than a period is none, counted in periods."""
    assert label_lag.in_periods(lag, length) == whole
    assert label_lag.as_duration(lag, length) == pd.Timedelta(days=days)


@pytest.mark.parametrize("lag", ["1 month", "-1", "a day", "1.5 days", "days", "1day "])
def test_a_lag_that_cannot_be_is_refused(lag: str) -> None:
    """In one line with the key."""
    with pytest.raises(LonghaulError, match=r"monitoring\.label_lag"):
        problem_yaml.parse(
            {
                "name": "x",
                "source": "x.csv",
                "target": {"column": "y"},
                "batches": {},
                "windows": {
                    "train": ["1", "1"],
                    "valid": ["2", "2"],
                    "test": ["3", "3"],
                    "production": ["4"],
                },
                "monitoring": {"label_lag": lag},
            },
            "problem.yaml",
        )
