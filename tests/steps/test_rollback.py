"""The rollback stage: the version before is champion again, or one line says why not."""

import mlflow
import pytest

from longhaul.registry import promotion
from longhaul.tracking import artifacts
from steps.rollback import rollback
from tests import registered


def test_rollback_and_its_end(tracking: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Once is possible after two promotions; a second time is refused and changes nothing."""
    registered.model("flights", 2)
    for number in "12":
        promotion.promote("flights", number, "better")
    rollback.main(["--name", "flights", "--reason", "complaints"])
    assert capsys.readouterr().out == "flights: version 1 is champion again (was 2)\n"
    kept = artifacts.read_json(f"runs:/{mlflow.last_active_run().info.run_id}/ledger.json")
    assert [line["move"] for line in kept] == ["promote", "promote", "rollback"]
    assert (kept[-1]["from"], kept[-1]["to"], kept[-1]["reason"]) == ("2", "1", "complaints")
    with pytest.raises(SystemExit):
        rollback.main(["--name", "flights", "--reason", "again"])
    assert capsys.readouterr().err == (
        "error: rollback: flights: the ledger names no champion before version 1; promote"
        " another version instead\n"
    )
    assert registered.stages("flights") == {"1": "Production", "2": "Archived"}
