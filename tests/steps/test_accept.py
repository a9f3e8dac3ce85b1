"""A lawful new value is accepted by a command, and is on record with who and why."""

import getpass
from pathlib import Path

import mlflow
import pytest

from longhaul.data import parquet
from longhaul.data.table import PeriodTable
from longhaul.registry import contract_log, ledger, promotion
from longhaul.tracking import artifacts
from steps.accept import accept
from steps.validate import validate
from tests import monitored_model


@pytest.fixture
def table(tracking: str, tmp_path: Path) -> str:
    """A table whose August has a plan that is new, and ages beyond those of training."""
    folder = Path(monitored_model.table(tmp_path))
    file = PeriodTable(folder).path("2020-08")
    rows = parquet.read(file)
    rows["plan"] = rows["plan"].where(rows.index % 3 > 0, "student")
    rows["age"] = rows["age"].where(rows.index % 3 > 0, 400.0)
    parquet.write(rows, file)
    return str(folder)


def options(table: str, **given: str) -> list[str]:
    """The options of the step."""
    asked = {"table": table, "values": "", "limits": "", "reason": "since August", **given}
    return [f"--{name}={value}" for name, value in asked.items()]


def broken(table: str) -> dict[str, str]:
    """Validate; what is wrong with each period that broke the contract."""
    validate.main(["--table", table, "--engine", "local"])
    run = mlflow.last_active_run().info.run_id
    breaches = PeriodTable(artifacts.fetch(f"runs:/{run}/table")).breaches
    return {label: breach.reason for label, breach in breaches.items()}


def test_what_is_accepted_is_validated_from_then_on(table: str) -> None:
    """A new category, then a wider range; the ledger says who, when and why."""
    before = validate.state({"table": table})
    assert "column 'plan'" in broken(table)["2020-08"]
    accept.main(options(table, column="plan", values="student"))
    assert "age = 400.0, expected from" in broken(table)["2020-08"]
    accept.main(options(table, column="age", limits="0..400"))
    run = mlflow.last_active_run()
    assert broken(table) == {}
    assert validate.state({"table": table}) not in {before, ""}
    first, second = ledger.lines("churn")
    assert (first.move, first.before, first.after, first.state) == (
        "accept",
        "none",
        "none",
        "done",
    )
    assert first.reason == "plan may be 'student': since August"
    assert second.reason == "age may be from 0 to 400: since August"
    assert getpass.getuser() in second.who
    assert second.evidence == run.info.run_id
    assert artifacts.read_json(f"runs:/{run.info.run_id}/ledger.json")[1] == second.to_dict()


def test_it_moves_no_champion(table: str, tmp_path: Path) -> None:
    """Promotions and rollbacks read the ledger as if the line were not there; twice is once."""
    monitored_model.champion(tmp_path)
    for _ in range(2):
        accept.main(options(table, column="plan", values="student"))
    assert "as was accepted before" in mlflow.last_active_run().data.tags["longhaul.headline"]
    assert [line.move for line in ledger.lines("churn")] == ["promote", "accept"]
    assert len(contract_log.load("churn")) == 1
    assert ledger.champion_stack(ledger.lines("churn")) == ["1"]
    assert promotion.champion("churn") == "1"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"column": "plans", "values": "student"}, "column: 'plans' is not in the contract"),
        ({"column": "age", "values": "student"}, "column: 'age' is a number in the contract"),
        ({"column": "plan", "values": "student", "reason": " "}, "reason: empty; say in a few"),
        ({"column": "plan", "values": "x" * 1000}, "reason: 1,0"),
        ({"column": "age", "limits": "400"}, "limits: '400' is no range of numbers"),
    ],
)
def test_a_mistake_is_one_line(
    table: str, capsys: pytest.CaptureFixture[str], given: dict[str, str], message: str
) -> None:
    """What was wrong; nothing is accepted."""
    with pytest.raises(SystemExit) as ended:
        accept.main(options(table, **given))
    error = capsys.readouterr().err
    assert ended.value.code == 1
    assert error.startswith(f"error: accept: {message}")
    assert error.count("\n") == 1
    assert contract_log.load("churn") == []
