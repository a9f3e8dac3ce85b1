"""The promote stage: headline, ledger as an artifact, and refusals in one line."""

from pathlib import Path

import mlflow
import pytest

from longhaul.registry import ledger, promotion
from longhaul.tracking import artifacts
from steps.promote import promote
from tests import registered


@pytest.fixture(scope="module", autouse=True)
def name(shared: Path) -> str:
    """A registered model with three versions, the last of which is challenger."""
    registered.model("flights", 3)
    mlflow.MlflowClient().set_registered_model_alias("flights", "challenger", "3")
    return "flights"


def run(model: str, expected_champion: str = "any", reason: str = "better") -> None:
    promote.main(
        [
            *("--model", model, "--reason", reason, "--evidence", "abc"),
            *("--expected_champion", expected_champion, "--share", "1"),
        ]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "models:/flights/9"}, "models:/flights/9: no such version"),
        ({"model": "models:/flights@best"}, "has no alias 'best'; it has challenger"),
        ({"model": "runs:/abc/model"}, "model: 'runs:/abc/model' is neither"),
        (
            {"model": "models:/flights/1", "expected_champion": "2"},
            "the champion is none, not version 2",
        ),
        ({"model": "models:/flights/1", "reason": "x" * 1001}, "reason: 1,001 characters"),
    ],
)
def test_refusals_are_one_line(
    name: str, options: dict[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was wrong; nothing moves."""
    with pytest.raises(SystemExit):
        run(**options)
    error = capsys.readouterr().err
    assert error.startswith("error: promote: ")
    assert message in error
    assert error.count("\n") == 1
    assert (promotion.champion(name), ledger.lines(name)) == (None, [])


def test_promotions_are_said_and_kept(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By version, by alias, and again; the run keeps the ledger as it is then."""
    for model in ("models:/flights/2", "models:/flights@challenger", "models:/flights/3"):
        run(model)
    assert capsys.readouterr().out.splitlines() == [
        "flights: version 2 is champion (was none)",
        "flights: version 3 is champion (was 2)",
        "flights: version 3 is champion already",
    ]
    kept = artifacts.read_json(f"runs:/{mlflow.last_active_run().info.run_id}/ledger.json")
    assert kept == [line.to_dict() for line in ledger.lines(name)]
    assert [(line["from"], line["to"], line["evidence"]) for line in kept] == [
        ("none", "2", "abc"),
        ("2", "3", "abc"),
    ]


def test_a_share_makes_a_canary(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Begun, grown, said again, taken back; the champion stays."""
    before = promotion.champion(name) or "none"
    if before == "none":
        run("models:/flights/1")
        before = "1"
    other = "2" if before != "2" else "1"
    texts = [
        (
            f"models:/flights/{other}",
            "0.1",
            f"flights: version {other} answers 10% of the requests",
        ),
        ("models:/flights@canary", "0.5", f"flights: version {other} answers 50% of the requests"),
        ("models:/flights@canary", "0.5", f"flights: version {other} answered already 50% of"),
        ("models:/flights@canary", "0", f"flights: version {other} is no canary any more"),
    ]
    for model, share, text in texts:
        options = {
            "model": model,
            "reason": "why not",
            "evidence": "",
            "expected_champion": "any",
            "share": share,
        }
        promote.main([f"--{key}={value}" for key, value in options.items()])
        assert text in capsys.readouterr().out
    assert promotion.champion(name) == before
