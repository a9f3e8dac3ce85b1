"""Rows of the log become the table that the model learned from: same types, same target."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from longhaul import problem_yaml
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.problem import Problem, Time, Traffic
from longhaul.serving import compaction, wal_format
from longhaul.serving.wal import WriteAheadLog
from longhaul.serving.wal_format import WalHeader
from longhaul.traffic import period_files
from longhaul.traffic.served import ServedTraffic

DECLARED = """
name: shop
source: shop.csv
target: {column: paid, positive: "yes"}
time: {column: at, period: day}
windows: {train: [2026-01-01, 2026-01-01], valid: [2026-01-02, 2026-01-02],
  test: [2026-01-03, 2026-01-03], production: [2026-01-04]}
"""
NOON = pd.Timestamp("2026-01-04 12:00").timestamp()
TYPES = {"at": "date", "code": "category", "open": "category", "size": "number", "weight": "number"}


def base(folder: Path, problem: Problem, paid: Sequence[Any]) -> PeriodTable:
    """A table of two days: codes are whole numbers, and so are sizes."""
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2026-01-01 08:00", "2026-01-02 09:00"] * 3).astype(
                "datetime64[us]"
            ),
            "code": [7, 8, 9, 7, 8, 9],
            "open": [True, False] * 3,
            "size": [1, 2, 3, 4, 5, 6],
            "weight": [0.5, 1.5, np.nan] * 2,
            "never_sent": ["x"] * 6,
            "paid": list(paid),
        }
    )
    (folder / "base").mkdir()
    table = PeriodTable(folder / "base")
    table.write(problem, frame)
    return table


def log(
    folder: Path,
    rows: dict[str, list[Any]],
    predictions: list[list[Any]],
    outcomes: Sequence[Any] = (),
    version: str = "1",
    task_type: Any = "binary",
    request: str = "",
) -> Path:
    """Log one request, and the outcomes of its rows."""
    name = request or f"r{version}"
    wal = WriteAheadLog(folder / "record" / "journal", 1000)
    header = WalHeader("shop", version, f"shop-{version}", TYPES, Time("at", "day"), task_type)
    line = wal_format.request_line(name, NOON, [rows.get(name) for name in TYPES], predictions)
    wal.append(header.to_line(), line)
    if outcomes:
        told = [(name, place, value) for place, value in enumerate(outcomes)]
        wal.append(b"", wal_format.ground_truth_line(NOON + 9, told))
    wal.close()
    list(compaction.compact(folder / "record"))
    return folder / "record"


def collected(folder: Path, record: Path, table: PeriodTable) -> dict[str, pd.DataFrame]:
    """Every period of the log as a table."""
    target, scored = folder / "table", folder / "scored"
    target.mkdir()
    scored.mkdir()
    with ServedTraffic(record, ["shop-1", "shop-2"], table) as served:
        labels = list(dict.fromkeys(count.period for count in served.counts()))
        period_files.write(served, labels, target, lambda _: scored)
    return {label: pd.read_parquet(target / f"{label}.parquet") for label in labels}


ROWS = {
    "at": ["2026-01-04T10:00:00", "2026-01-04T11:00:00.25", None],
    "code": ["7", "9", None],
    "open": ["True", "False", None],
    "size": [3, 4, 5],
    "weight": [0.25, None, 1e-9],
}
BINARY = [[0.25, 0.5, 0.75], [False, True, True]]


@pytest.mark.parametrize(
    ("positive", "paid", "outcomes", "expected"),
    [
        ("yes", ["yes", "no"] * 3, [True, False], ["yes", "no", None]),
        ("1", [1, 0] * 3, [False, True], [0, 1, None]),
        ("true", [True, False] * 3, [True, True], [True, True, None]),
        ("yes", ["yes", "no", "no", "yes", "no", "not yet"], [True, False], ["yes", "no", None]),
    ],
)
def test_a_table_has_the_types_and_the_target_of_the_base(
    tmp_path: Path, positive: str, paid: list[Any], outcomes: list[bool], expected: list[Any]
) -> None:
    """Whatever the two classes are called; what was never sent is missing."""
    problem = problem_yaml.parse(yaml.load(DECLARED, Loader=yaml.BaseLoader), "test")
    problem = replace(problem, target=replace(problem.target, positive=positive))
    table = base(tmp_path, problem, paid)
    found = collected(tmp_path, log(tmp_path, ROWS, BINARY, outcomes), table)["2026-01-04"]
    before = pd.read_parquet(table.path("2026-01-01"))
    assert list(found) == list(before)
    assert found["code"].tolist() == [7, 9, pytest.approx(np.nan, nan_ok=True)]
    assert found["size"].tolist() == [3, 4, 5]
    assert found["size"].dtype == before["size"].dtype
    assert found["open"].tolist()[:2] == [True, False]
    assert found["weight"].tolist() == pytest.approx([0.25, np.nan, 1e-9], nan_ok=True)
    assert found["never_sent"].isna().all()
    # The one without a time is of when it was asked about.
    assert found["at"].tolist() == [
        pd.Timestamp("2026-01-04 10:00"),
        pd.Timestamp("2026-01-04 11:00:00.25"),
        pd.Timestamp("2026-01-04 12:00"),
    ]
    assert [None if pd.isna(value) else value for value in found["paid"]] == expected


def test_a_value_that_the_type_cannot_hold_stays_as_it_was_sent(tmp_path: Path) -> None:
    """Of no column is a value lost, or rounded, for the sake of a type."""
    problem = problem_yaml.parse(yaml.load(DECLARED, Loader=yaml.BaseLoader), "test")
    table = base(tmp_path, problem, ["yes", "no"] * 3)
    rows = {
        **ROWS,
        "code": ["007", "new", "9"],
        "size": [2.5, 1, None],
        "open": ["maybe", "True", "1"],
    }
    found = collected(tmp_path, log(tmp_path, rows, BINARY), table)["2026-01-04"]
    assert found["code"].tolist() == ["007", "new", "9"]
    assert found["open"].tolist() == ["maybe", "True", "1"]
    assert found["size"].tolist() == pytest.approx([2.5, 1.0, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("task_type", "paid", "predictions", "outcomes", "expected"),
    [
        (
            "multiclass",
            ["cash", "card", "never"] * 2,
            [[0.5] * 3, ["cash", "card", "cash"], [[0.5, 0.25, 0.25]] * 3],
            ["CARD", "never", "barter"],
            ["card", "never", "barter"],
        ),
        ("regression", [1, 2, 3] * 2, [[1.5, 2.5, 3.5]], [2.5, -1, 7], [2.5, -1.0, 7.0]),
    ],
)
def test_other_targets(
    tmp_path: Path,
    task_type: Any,
    paid: list[Any],
    predictions: list[list[Any]],
    outcomes: list[Any],
    expected: list[Any],
) -> None:
    """Names of classes as the base writes them, and numbers."""
    problem = problem_yaml.parse(yaml.load(DECLARED, Loader=yaml.BaseLoader), "test")
    classes = ("cash", "card", "never") if task_type == "multiclass" else ()
    target = replace(problem.target, task_type=task_type, classes=classes)
    table = base(tmp_path, replace(problem, target=target), paid)
    record = log(tmp_path, ROWS, predictions, outcomes, task_type=task_type)
    assert collected(tmp_path, record, table)["2026-01-04"]["paid"].tolist() == expected


def test_a_class_that_numbers_cannot_name_is_one_line(tmp_path: Path) -> None:
    """A text where the classes are numbers."""
    problem = problem_yaml.parse(yaml.load(DECLARED, Loader=yaml.BaseLoader), "test")
    target = replace(problem.target, task_type="multiclass", classes=("1", "2", "3"))
    table = base(tmp_path, replace(problem, target=target), [1, 2, 3] * 2)
    given = [[0.5] * 3, ["1", "2", "1"], [[0.5, 0.25, 0.25]] * 3]
    record = log(tmp_path, ROWS, given, ["1", "many", "3"], task_type="multiclass")
    with pytest.raises(LonghaulError, match="'many' was reported, which 'paid' is not"):
        collected(tmp_path, record, table)


def test_periods_of_the_request(tmp_path: Path) -> None:
    """Where the problem says so, a row is of the day on which it was asked about."""
    problem = problem_yaml.parse(yaml.load(DECLARED, Loader=yaml.BaseLoader), "test")
    problem = replace(problem, traffic=Traffic(period_of="request"))
    table = base(tmp_path, problem, ["yes", "no"] * 3)
    early = {**ROWS, "at": ["2025-06-01T10:00:00"] * 3}
    assert list(collected(tmp_path, log(tmp_path, early, BINARY), table)) == ["2026-01-04"]


def test_versions_with_other_features(tmp_path: Path) -> None:
    """A column that one of them lacks is missing in its rows; they stand together, in order."""
    problem = problem_yaml.parse(yaml.load(DECLARED, Loader=yaml.BaseLoader), "test")
    table = base(tmp_path, problem, ["yes", "no"] * 3)
    record = log(tmp_path, ROWS, BINARY, version="2")
    del TYPES["weight"]
    try:
        log(tmp_path, ROWS, BINARY, version="1")
    finally:
        TYPES["weight"] = "number"
    found = collected(tmp_path, record, table)["2026-01-04"]
    assert len(found) == 6
    assert found["weight"].head(3).isna().all()
    assert found["weight"].notna().sum() == 2


def test_a_file_that_is_damaged_is_one_line(tmp_path: Path) -> None:
    """Nothing is made of a log that cannot be read."""
    problem = problem_yaml.parse(yaml.load(DECLARED, Loader=yaml.BaseLoader), "test")
    table = base(tmp_path, problem, ["yes", "no"] * 3)
    record = log(tmp_path, ROWS, BINARY)
    (file,) = record.glob("predictions/*/*/*.parquet")
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(LonghaulError, match=r"^traffic: .* cannot be read: ") as raised:
        collected(tmp_path, record, table)
    assert "\n" not in str(raised.value)


def test_many_rows_are_written_in_order_and_none_is_lost(tmp_path: Path) -> None:
    """More than one batch, of days that were asked about in turns."""
    problem = problem_yaml.parse(yaml.load(DECLARED, Loader=yaml.BaseLoader), "test")
    table = base(tmp_path, problem, ["yes", "no"] * 3)
    count, days = 70_000, 3
    for number in range(4):
        at = [f"2026-01-{4 + place % days:02d}T10:00:00" for place in range(count)]
        size = list(range(number * count, (number + 1) * count))
        rows = {"at": at, "code": ["7"] * count, "size": size}
        given = [[0.5] * count, [False] * count]
        record = log(tmp_path, rows, given, request=f"r{number}")
    found = collected(tmp_path, record, table)
    assert sum(map(len, found.values())) == 4 * count
    for day, frame in enumerate(found.values()):
        expected = [place for place in range(4 * count) if (place % count) % days == day]
        assert frame["size"].tolist() == expected
