"""From a source to clean periods and windows; what is wrong with a source is said in one line."""

import json
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from longhaul.data import parquet
from longhaul.data.split import WINDOWS, Split
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.tracking import artifacts
from longhaul.tracking.tags import HEADLINE
from steps.ingest import ingest
from steps.split import split
from steps.validate import validate
from tests import tables


def last() -> mlflow.entities.Run:
    """The newest run."""
    return mlflow.search_runs(
        order_by=["attributes.start_time DESC"], max_results=1, output_format="list"
    )[0]


def run_ingest(folder: Path, frame: pd.DataFrame) -> str:
    """Ingest a table; the URI of the run."""
    ingest.main(["--problem", str(tables.declare(folder, frame)), "--engine", "local"])
    return f"runs:/{last().info.run_id}"


def artifact_names() -> set[str]:
    """What the newest run has logged."""
    return {item.path for item in mlflow.MlflowClient().list_artifacts(last().info.run_id)}


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that was said."""
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    return error


def test_from_source_to_windows(tracking: str, tmp_path: Path) -> None:
    """Nothing is lost on the way: every row is in its period, and in its window."""
    frame = tables.churn()
    uri = run_ingest(tmp_path, frame)
    run = last()
    assert run.data.metrics["rows"] == len(frame)
    (dataset,) = run.inputs.dataset_inputs
    assert json.loads(dataset.dataset.profile) == {"num_rows": len(frame)}
    validate.main(["--table", f"{uri}/table", "--engine", "local"])
    clean = f"runs:/{last().info.run_id}/table"
    folder = artifacts.fetch(clean)
    rows = PeriodTable(folder).read(PeriodTable(folder).periods)
    assert set(rows["customer"]) == set(frame["customer"])
    assert artifact_names() == {"table", "contract.json", "validation.json"}
    split.main(["--table", clean, "--until=", "--window=expanding"])
    cut = artifacts.fetch(f"runs:/{last().info.run_id}/split")
    months = {name: Split(cut).read(name)["day"].dt.month.unique() for name in WINDOWS}
    assert {name: list(found) for name, found in months.items()} == {
        "train": [1, 2, 3, 4],
        "valid": [5],
        "test": [6],
    }
    assert len(last().inputs.dataset_inputs) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: churn.parquet", "source: gone.parquet", "source: no file, folder or pattern"),
        ("source: churn.parquet", "source: churn.yaml", "is neither Parquet"),
        ("column: churned", "column: left", "target.column: column 'left' is not in the table"),
        ('positive: "yes"', "positive: maybe", "none of the rows are positive (churned = maybe)"),
        ("column: day", "column: age", "time.column: 'age'"),
        ("column: day", "column: plan", "time.column: 'plan' does not hold times"),
        ("period: month", "period: day", "windows.train: '2020-01' is not a day; its labels are"),
        ("[2020-07, 2020-09]", "[2021-07, 2021-09]", "windows.production: no rows from 2021-07"),
    ],
)
def test_bad_sources_are_one_line(
    tracking: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    message: str,
) -> None:
    """The key, what was found and what is allowed; the run is FAILED and has no table."""
    path = tables.declare(tmp_path, text=tables.DECLARATION.replace(old, new))
    with pytest.raises(SystemExit):
        ingest.main(["--problem", str(path), "--engine", "local"])
    assert message in refused(capsys)
    assert last().info.status == "FAILED"
    assert artifact_names() == set()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"not parquet", "cannot be read as Parquet"), (b"", "cannot be read as Parquet")],
)
def test_what_is_no_parquet_is_said(
    tracking: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    message: str,
) -> None:
    """A file of another kind under that name, or an empty one."""
    path = tables.declare(tmp_path)
    (tmp_path / "churn.parquet").write_bytes(content)
    with pytest.raises(SystemExit):
        ingest.main(["--problem", str(path), "--engine", "local"])
    assert message in refused(capsys)


def test_bad_rows_are_set_aside_with_their_reason(tracking: str, tmp_path: Path) -> None:
    """A few of them leave the table, and are kept beside it."""
    frame = tables.churn()
    bad = frame.index[frame["day"].dt.month == 8][:3]
    frame.loc[bad, "age"] = 1e6
    validate.main(["--table", f"{run_ingest(tmp_path, frame)}/table", "--engine", "local"])
    uri = f"runs:/{last().info.run_id}"
    aside = parquet.read(artifacts.fetch(f"{uri}/quarantine/2020-08.parquet"))
    assert set(aside["customer"]) == set(frame.loc[bad, "customer"])
    assert aside["period"].tolist() == ["2020-08"] * 3
    assert aside["reason"].str.startswith("age = 1000000.0, expected from ").all()
    clean = parquet.read(artifacts.fetch(f"{uri}/table/2020-08.parquet"))
    assert not set(clean["customer"]) & set(aside["customer"])
    assert artifacts.read_json(f"{uri}/validation.json")["2020-08"]["quarantined"] == 3


@pytest.mark.parametrize(
    ("column", "value", "message", "aside"),
    [
        ("age", 1e6, "of 300 rows break the contract, more than contract.quarantine = 2.0%", True),
        ("plan", "student", "column 'plan': expected at most 10.0% in categories never", False),
        ("age", np.nan, "column 'age': expected at most", False),
    ],
)
def test_a_broken_period_that_is_learned_from_fails_the_stage(
    tracking: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    column: str,
    value: object,
    message: str,
    aside: bool,
) -> None:
    """The period, the column and what was found; the evidence is kept, and no table is."""
    frame = tables.churn()
    frame.loc[frame["day"].dt.month == 5, column] = value
    uri = run_ingest(tmp_path, frame)
    capsys.readouterr()
    with pytest.raises(SystemExit):
        validate.main(["--table", f"{uri}/table", "--engine", "local"])
    said = refused(capsys)
    assert "period 2020-05, " in said
    assert message in said
    assert artifacts.read_json(f"runs:/{last().info.run_id}/validation.json")["2020-05"]["rows"]
    assert last().info.status == "FAILED"
    evidence = {"contract.json", "validation.json"}
    assert artifact_names() == evidence | ({"quarantine"} if aside else set())


BREACHES = [
    ("age", 1e6, "of 300 rows break the contract, more than contract.quarantine = 2.0%"),
    ("plan", "student", "column 'plan': expected at most 10.0% in categories never"),
    ("plan", None, "column 'plan': expected at most 10.0% missing"),
    ("age", np.nan, "column 'age': expected at most"),
    ("calls", -1e9, "rows break the contract"),
    ("age", -np.inf, "age"),
]


@pytest.mark.parametrize(("column", "value", "message"), BREACHES)
def test_a_broken_period_of_production_is_its_own_finding(
    tracking: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    column: str,
    value: object,
    message: str,
) -> None:
    """The others are written; it is left out, on record with its reason and its rows."""
    frame = tables.churn()
    frame.loc[frame["day"].dt.month == 8, column] = value
    uri = run_ingest(tmp_path, frame)
    capsys.readouterr()
    validate.main(["--table", f"{uri}/table", "--engine", "local"])
    assert "note: 2020-08 broke the contract and is left out" in refused(capsys)
    run = f"runs:/{last().info.run_id}"
    clean = PeriodTable(artifacts.fetch(f"{run}/table"))
    assert clean.periods == [f"2020-0{month}" for month in (1, 2, 3, 4, 5, 6, 7, 9)]
    assert clean.delivered == [f"2020-0{month}" for month in range(1, 10)]
    assert message in clean.breaches["2020-08"].reason
    with pytest.raises(LonghaulError, match="period: 2020-08 broke the contract: "):
        clean.existing("2020-08")
    checked = artifacts.read_json(f"{run}/validation.json")
    assert {label for label, period in checked.items() if period["finding"]} == {"2020-08"}
    rows = parquet.read(artifacts.fetch(f"{run}/quarantine/2020-08.parquet"))
    assert len(rows) >= 300
    assert rows["reason"].str.contains(column).all()
    assert "it is broken by 2020-08" in last().data.tags[HEADLINE]


def test_a_period_of_production_that_does_not_fit_is_its_own_finding(
    tracking: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Texts in a column of numbers: ingest leaves the period out, validate passes that on."""
    frame = tables.churn(rows_per_month=50)
    frame["calls"] = frame["calls"].astype("str")
    frame.loc[frame["day"].dt.month == 8, "calls"] = "many"
    text = tables.DECLARATION + "columns: {calls: number}\n"
    ingest.main(["--problem", str(tables.declare(tmp_path, frame, text)), "--engine", "local"])
    ingested = PeriodTable(artifacts.fetch(f"runs:/{last().info.run_id}/table"))
    reason = ingested.breaches["2020-08"].reason
    assert reason.startswith("50 of 50 rows have a value that does not fit its column, more than")
    assert "calls = 'many', expected a number" in reason
    validate.main(["--table", str(ingested.folder), "--engine", "local"])
    clean = PeriodTable(artifacts.fetch(f"runs:/{last().info.run_id}/table"))
    assert clean.breaches == ingested.breaches
    checked = artifacts.read_json(f"runs:/{last().info.run_id}/validation.json")
    assert checked["2020-08"]["finding"] == reason
    frame.loc[frame["day"].dt.month == 5, "calls"] = "many"
    capsys.readouterr()
    with pytest.raises(SystemExit):
        ingest.main(["--problem", str(tables.declare(tmp_path, frame, text)), "--engine", "local"])
    assert "source: 100 of 450 rows have a value that does not fit" in refused(capsys)


@pytest.mark.slow
def test_the_year_of_flights_keeps_its_contract(tracking: str) -> None:
    """All 327,346 that arrived: ingested, held against January to April, and cut."""
    ingest.main(["--problem", "flights", "--engine", "local"])
    assert last().data.metrics["rows"] == 327_346
    assert last().data.metrics["periods"] == 12
    validate.main(["--table", f"runs:/{last().info.run_id}/table", "--engine", "local"])
    summary = artifacts.read_json(f"runs:/{last().info.run_id}/validation.json")
    assert sum(figures["quarantined"] for figures in summary.values()) == 0
    split.main(["--table", f"runs:/{last().info.run_id}/table", "--until=", "--window=expanding"])
    cut = Split(artifacts.fetch(f"runs:/{last().info.run_id}/split")).summary()
    assert [cut[name]["rows"] for name in WINDOWS] == [105_475, 28_128, 27_075]
