"""A table becomes a problem file where the caller is; an artifact of MLflow is a table, too."""

from pathlib import Path

import mlflow
import pytest

from longhaul import problem_yaml
from longhaul.pipeline import caller
from longhaul.tracking import artifacts
from steps.ingest import ingest
from steps.init import init
from tests import tables


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A caller's folder, with a table in it."""
    monkeypatch.setattr(caller, "folder", lambda: tmp_path)
    tables.churn().to_csv(tmp_path / "churn.csv", index=False)
    return tmp_path


def options(**changes: str) -> list[str]:
    """Of the step."""
    given = {"data": "churn.csv", "target": "churned", "query": "", "problem": "", **changes}
    return [f"--{name}={value}" for name, value in given.items()]


def test_the_file_is_written_and_kept(
    tracking: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the table and as an artifact; what was decided is printed; ingest reads it."""
    init.main(options())
    path = place / "churn.yaml"
    declared = problem_yaml.load(path)
    assert declared.time is not None
    assert (declared.source, declared.time.column) == ("churn.csv", "day")
    assert declared.leave_out == ("customer",)
    said = capsys.readouterr().out
    assert "left out: 'customer' has 2,700 values in 2,700 rows: an identifier" in said
    assert "rows are split by 'day', month by month" in said
    (run,) = mlflow.search_runs(output_format="list")
    written = artifacts.fetch(f"runs:/{run.info.run_id}/problem.yaml").read_text()
    assert written == path.read_text()
    ingest.main(["--problem", str(path), "--engine", "local"])
    assert "2,700 rows, 9 months" in capsys.readouterr().out


def test_a_file_that_was_edited_is_not_overwritten(
    tracking: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once more is no harm; after an edit, one line says what to do."""
    init.main(options())
    init.main(options())
    path = place / "churn.yaml"
    edited = path.read_text().replace("false_negative: 1", "false_negative: 5")
    path.write_text(edited)
    with pytest.raises(SystemExit):
        init.main(options())
    assert "churn.yaml: exists already with other content" in capsys.readouterr().err
    assert path.read_text() == edited
    init.main(options(problem="other.yaml"))
    assert (place / "other.yaml").is_file()


def test_an_artifact_is_a_table(tracking: str, place: Path) -> None:
    """Of a run, by its URI, in start and in ingest."""
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(place / "churn.csv"), "tables")
    address = f"runs:/{run.info.run_id}/tables/churn.csv"
    init.main(options(data=address))
    assert problem_yaml.load(place / "churn.yaml").source == address
    ingest.main(["--problem", str(place / "churn.yaml"), "--engine", "local"])
    newest, *_ = mlflow.search_runs(order_by=["start_time DESC"], output_format="list")
    assert newest.data.metrics["rows"] == 2700


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": "gone.csv"}, "source: no file, folder or pattern"),
        ({"target": "left"}, "target: column 'left' is not in the table; it has 'customer'"),
        ({"data": "runs:/0123/gone.csv"}, "runs:/0123/gone.csv"),
    ],
)
def test_what_cannot_be_started_is_one_line(
    tracking: str,
    place: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    message: str,
) -> None:
    """And nothing is left behind."""
    with pytest.raises(SystemExit):
        init.main(options(**changes))
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "\n" not in said
    assert not list(place.glob("*.yaml"))
