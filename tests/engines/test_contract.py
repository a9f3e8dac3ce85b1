"""The contract by Spark against the contract by this machine."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from longhaul import problem_yaml
from longhaul.data import parquet
from longhaul.data.table import PeriodTable
from longhaul.engines.local import LocalEngine
from longhaul.engines.spark.engine import SparkEngine
from tests import tables
from tests.engines.conftest import split

pytestmark = pytest.mark.slow


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Nine months, of which July has rows that are out of range, twice, or new in kind."""
    folder = tmp_path / "table"
    folder.mkdir()
    frame = tables.churn(rows_per_month=300)
    PeriodTable(folder).write(problem_yaml.load(tables.declare(tmp_path)), frame)
    july = PeriodTable(folder).path("2020-07")
    rows = pd.read_parquet(july)
    rows["calls"] = rows["calls"].astype(float)
    rows.loc[[3, 150], "calls"] = 1e6
    rows.loc[rows.index >= 200, "plan"] = "brand new"
    rows = pd.concat([rows, rows.tail(4)], ignore_index=True)
    parquet.write(rows, july)
    return folder


@pytest.mark.parametrize("parts", [0, 3])
def test_the_same_is_learned_and_found(spark: Any, table: Path, tmp_path: Path, parts: int) -> None:
    """Contract, figures, breaches, reasons and rows."""
    problem = PeriodTable(table).problem
    window = ["2020-01", "2020-02", "2020-03"]
    expected = LocalEngine().learn_contract(PeriodTable(table), window)
    if parts:
        for label in (*window, "2020-07"):
            split(PeriodTable(table).path(label), parts)
    workers = SparkEngine(spark)
    assert workers.learn_contract(PeriodTable(table), window) == expected
    july = PeriodTable(table).path("2020-07")
    mine, yours = tmp_path / "mine", tmp_path / "yours"
    mine.mkdir()
    yours.mkdir()
    limits = problem.contract
    local = LocalEngine().check(july, expected, limits, PeriodTable(mine).path("2020-07"))
    remote = workers.check(july, expected, limits, PeriodTable(yours).path("2020-07"))
    bad, aside = local.quarantined, remote.quarantined
    assert remote.to_dict() == local.to_dict()
    assert local.breaches
    assert local.duplicates == 4
    assert aside["reason"].tolist() == bad["reason"].tolist()
    pd.testing.assert_frame_equal(aside, bad.reset_index(drop=True))
    clean = [parquet.read(PeriodTable(where).path("2020-07")) for where in (mine, yours)]
    pd.testing.assert_frame_equal(*clean)
