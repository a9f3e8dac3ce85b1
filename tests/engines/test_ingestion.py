"""A source ingested by Spark against one ingested by this machine."""

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from longhaul.data import parquet
from longhaul.data.table import PeriodTable
from longhaul.tracking import artifacts
from steps.ingest import ingest
from steps.validate import validate
from tests import tables
from tests.engines.conftest import split

DECLARED = tables.DECLARATION.replace("churn.csv", "source")

pytestmark = pytest.mark.slow


def messy() -> pd.DataFrame:
    """Numbers as text, whole and with gaps; dates as text; codes; blanks; truths with gaps."""
    frame = tables.churn(rows_per_month=60)
    count = len(frame)
    place = np.arange(count)
    frame["priced"] = [f"${n:,}.50" for n in 1000 + place]
    frame["whole"] = [str(n % 90) for n in place]
    frame["whole_until_late"] = [str(n % 90) if n < count - 5 else "4.5" for n in place]
    frame["gaps"] = [None if n % 9 == 0 else str(n % 7) for n in place]
    late = {count - 1, count - 61, count - 121}  # one in a month is no breach
    frame["number_until_late"] = [str(n) if n not in late else "none of these" for n in place]
    frame["zip"] = [f"0{n % 50:04d}" for n in place]
    frame["since"] = [f"2019-{1 + n % 12:02d}-0{1 + n % 9}" for n in place]
    frame["kind"] = [" a " if n % 3 else "NA" for n in place]
    frame["maybe"] = pd.array([None if n % 5 == 0 else bool(n % 2) for n in place], dtype="boolean")
    frame["count"] = pd.array([None if n % 8 == 0 else int(n) for n in place], dtype="Int64")
    frame["sum"] = np.where(place % 11 == 0, np.inf, place / 3)
    frame.loc[frame["day"] >= "2020-08-15", "churned"] = None
    frame.loc[4, "churned"] = None
    return frame


def run(folder: Path, engine: str) -> tuple[mlflow.entities.Run, Path]:
    """Ingest the source in `folder`; the run, and its table."""
    ingest.main(["--problem", str(folder / "churn.yaml"), "--engine", engine])
    (found,) = mlflow.search_runs(
        order_by=["attributes.start_time DESC"], max_results=1, output_format="list"
    )
    assert found.info.status == "FINISHED"
    return found, artifacts.fetch(f"runs:/{found.info.run_id}/table")


def declare(folder: Path, frame: pd.DataFrame, parts: int, more: str = "") -> None:
    """A problem file, and the source as a folder of Parquet files beside it."""
    tables.declare(folder, frame)
    path = folder / "churn.yaml"
    text = path.read_text()
    (line,) = [one for one in text.splitlines() if one.startswith("source:")]
    path.write_text(text.replace(line, "source: source") + more)
    whole = folder / "source"
    frame.to_parquet(whole, index=False)
    split(whole, parts)


@pytest.mark.parametrize("parts", [4, pytest.param(1, marks=pytest.mark.nightly)])
def test_the_same_table_and_the_same_words(tracking: str, tmp_path: Path, parts: int) -> None:
    """Every column's type, every value, what is set aside, the profile and the metrics."""
    declare(tmp_path, messy(), parts, "columns: {age: number}\n")
    mine, here = run(tmp_path, "local")
    yours, there = run(tmp_path, "spark")
    assert PeriodTable(there).periods == PeriodTable(here).periods
    assert len(PeriodTable(here).periods) == 9
    for label in PeriodTable(here).periods:
        one, other = (parquet.read(PeriodTable(where).path(label)) for where in (here, there))
        pd.testing.assert_frame_equal(other, one)
        assert pq.read_schema(parquet.parts(PeriodTable(there).path(label))[0]).names == list(
            one.columns
        )
    assert (there / "problem.yaml").read_text() == (here / "problem.yaml").read_text()
    aside = [
        pd.read_parquet(artifacts.fetch(f"runs:/{one.info.run_id}/quarantine/ingest.parquet"))
        for one in (mine, yours)
    ]
    assert aside[0]["reason"].tolist() == aside[1]["reason"].tolist()
    assert aside[0]["customer"].tolist() == aside[1]["customer"].tolist()
    assert len(aside[0]) == 4  # one without a label, three that are no numbers
    assert yours.data.metrics == pytest.approx(mine.data.metrics)
    one, other = (_profile(each) for each in (mine, yours))
    assert other["periods"] == {k: pytest.approx(v) for k, v in one["periods"].items()}
    assert other["duplicates"] == one["duplicates"]
    for name, column in one["columns"].items():
        said = other["columns"][name]
        assert said["missing"] == pytest.approx(column["missing"])
        assert said["distinct"] == pytest.approx(column["distinct"], rel=0.05)
        for key in {"min", "max", "mean"} & column.keys():
            if isinstance(column[key], float):
                assert said[key] == pytest.approx(column[key])
    tagged = [one.inputs.dataset_inputs[0].dataset for one in (mine, yours)]
    assert tagged[0].digest == tagged[1].digest
    assert tagged[0].profile == tagged[1].profile


def test_the_same_periods_are_left_out(tracking: str, tmp_path: Path) -> None:
    """One that does not fit its column, and one that breaks the contract, with the same words."""
    frame = tables.churn(rows_per_month=60)
    month = frame["day"].dt.month
    frame["calls"] = frame["calls"].astype("str").mask(month == 8, "many")
    frame["plan"] = frame["plan"].mask(month == 9, "student")
    declare(tmp_path, frame, 3, "columns: {calls: number}\n")
    breaches = []
    for engine in ("local", "spark"):
        _, ingested = run(tmp_path, engine)
        assert set(PeriodTable(ingested).breaches) == {"2020-08"}
        validate.main(["--table", str(ingested), "--engine", engine])
        clean = PeriodTable(artifacts.fetch(f"runs:/{mlflow.last_active_run().info.run_id}/table"))
        assert clean.periods == [f"2020-0{number}" for number in range(1, 8)]
        breaches.append(clean.breaches)
    assert set(breaches[0]) == {"2020-08", "2020-09"}
    assert breaches[0] == breaches[1]


def _profile(run: mlflow.entities.Run) -> dict[str, Any]:
    found: dict[str, Any] = artifacts.read_json(f"runs:/{run.info.run_id}/profile.json")
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"calls": "many"}, "that does not fit its column, more than contract.quarantine"),
        pytest.param(
            {"day": None},
            "time.column: 'day' is missing in 540 rows",
            marks=pytest.mark.nightly,
        ),
        pytest.param({"churned": "yes"}, "both classes are needed", marks=pytest.mark.nightly),
    ],
)
def test_bad_sources_are_one_line_and_nothing_is_left(
    tracking: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    message: str,
) -> None:
    """As on this machine; the half-written table goes."""
    frame = tables.churn(rows_per_month=60)
    frame = frame.assign(
        **{k: pd.Series([v] * len(frame), dtype=object) for k, v in change.items()}
    )
    declare(tmp_path, frame, 2, "columns: {calls: number}\n")
    with pytest.raises(SystemExit):
        ingest.main(["--problem", str(tmp_path / "churn.yaml"), "--engine", "spark"])
    error = capsys.readouterr().err
    assert message in error
    (found,) = mlflow.search_runs(output_format="list")
    assert found.info.status == "FAILED"
    listed = mlflow.MlflowClient().list_artifacts(found.info.run_id)
    assert [one.path for one in listed] == []
    assert json.dumps(found.data.tags)


def test_other_sources_are_refused(
    tracking: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the workers could not read is said before anything starts."""
    with pytest.raises(SystemExit):
        ingest.main(["--problem", "flights", "--engine", "spark"])
    assert "engine: spark reads Parquet files" in capsys.readouterr().err


def test_zones_and_formats_are_read_alike(tracking: str, tmp_path: Path) -> None:
    """Times with a zone and with offsets, numbers with commas, and NA among codes."""
    frame = tables.churn(rows_per_month=60)
    frame["day"] = frame["day"].dt.tz_localize("America/New_York")
    moments = frame["day"].dt.strftime("%d/%m/%Y %H:%M:%S")
    frame["seen"] = [f"{text} {'+0100' if n % 3 else '+0200'}" for n, text in enumerate(moments)]
    frame["paid"] = [f"{n},5 €" for n in range(len(frame))]
    frame["region"] = np.resize(["EU", "APAC", "NA"], len(frame))
    declare(tmp_path, frame, 3)
    (_, here), (_, there) = run(tmp_path, "local"), run(tmp_path, "spark")
    assert PeriodTable(there).periods == PeriodTable(here).periods
    for label in PeriodTable(here).periods:
        one, other = (parquet.read(PeriodTable(where).path(label)) for where in (here, there))
        pd.testing.assert_frame_equal(other, one)
    assert (there / "problem.yaml").read_text() == (here / "problem.yaml").read_text()
    assert PeriodTable(here).problem.columns["paid"] == "number 1234,56 €"
    assert PeriodTable(here).problem.columns["day"] == "date in America/New_York"
