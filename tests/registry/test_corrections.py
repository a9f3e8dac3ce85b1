"""The correction of a version: a tag that is followed, and lines in the ledger when it changes."""

from dataclasses import replace

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.model.correction import Correction
from longhaul.registry import corrections, garbage_collection, ledger, promotion, versions
from longhaul.registry.ledger import LedgerLine
from longhaul.tracking.tags import CORRECTION
from tests import corrected, registered

MODEL = "models:/churn/1"


@pytest.fixture(autouse=True)
def churn(tracking: str) -> None:
    """Two versions, of which the second is champion."""
    registered.model("churn", 2)
    promotion.promote("churn", "1", "the first")
    promotion.promote("churn", "2", "better")


def told() -> list[tuple[str, str, str, str]]:
    """Return the lines about corrections: move, version, reason, state."""
    return [
        (line.move, line.after, line.reason, line.state)
        for line in ledger.lines("churn")
        if line.move.startswith("correction")
    ]


def still(days: int = 80) -> Correction:
    """Return a correction that shifts no day."""
    made = corrected.correction(days=days)
    return replace(made, shifts=(0.0,) * days)


def test_stored_and_found() -> None:
    """A version has the correction that was stored last; others have none."""
    uri = corrected.store(corrected.correction())
    found = corrections.find(corrected.model())
    assert found == corrections.StoredCorrection(uri, corrected.correction())
    assert corrections.find(corrected.model("models:/churn/2")) is None
    assert corrections.find(corrected.model("runs:/abc/model")) is None
    newer = corrected.correction(days=71)
    assert corrected.store(newer) != uri
    assert corrections.find(corrected.model()).correction == newer  # type: ignore[union-attr]
    assert told() == [("correction on", "1", "it helps", "done")]


def test_on_and_off_are_lines() -> None:
    """A line when the newest day turns on or off, none while it stays; who, when and evidence."""
    corrected.store(still(60))
    assert corrections.source(corrected.model()) == ""  # one that never helped leaves no trace
    corrected.store(corrected.correction(days=70))
    corrected.store(corrected.correction(days=75))
    uri = corrected.store(still(80), "it helps no more")
    corrected.store(still(81))
    assert told() == [
        ("correction on", "1", "it helps", "done"),
        ("correction off", "1", "it helps no more", "done"),
    ]
    line = ledger.lines("churn")[-1]
    assert (line.evidence in uri, "@" in line.who) == (True, True)
    assert promotion.champion("churn") == "2"


def test_an_older_one_replaces_nothing() -> None:
    """A period that is recalibrated again leaves the version its newest correction."""
    newest = corrected.store(corrected.correction(days=90))
    assert corrected.store(corrected.correction(days=40)) == newest
    assert corrections.source(corrected.model()) == newest
    again = corrected.store(corrected.correction(days=90, size=0.3))
    assert corrections.source(corrected.model()) == again != newest


def test_taken_back_and_allowed() -> None:
    """Off stays off, whatever is stored, until it is allowed again; each is one line."""
    corrected.store(corrected.correction())
    assert corrections.withdraw(corrected.model(), "complaints", "")
    assert not corrections.withdraw(corrected.model(), "complaints", "")
    assert corrections.find(corrected.model()) is None
    assert corrected.store(corrected.correction(days=90)) == corrections.OFF
    assert corrections.is_off(corrected.model())
    assert corrections.allow(corrected.model(), "understood", "")
    assert not corrections.allow(corrected.model(), "", "")
    assert corrections.source(corrected.model()) == ""
    corrected.store(corrected.correction(days=91))
    assert [line[0] for line in told()] == [
        "correction on",
        "correction withdrawn",
        "correction allowed",
        "correction on",
    ]
    with pytest.raises(LonghaulError, match="reason: empty"):
        corrections.withdraw(corrected.model(), " ", "")


def test_champions_are_none_of_its_business() -> None:
    """Lines of corrections change no champion: a rollback goes to the version before."""
    corrected.store(corrected.correction("2"))
    corrections.withdraw(corrected.model("models:/churn/2"), "complaints", "")
    assert promotion.rollback("churn", "worse") == ("2", "1")
    assert promotion.champion("churn") == "1"
    assert corrections.is_off(corrected.model("models:/churn/2"))


@pytest.mark.parametrize(("tag", "state"), [("off", "done"), ("runs:/x/c.json", "void")])
def test_what_was_cut_off_is_settled(tag: str, state: str) -> None:
    """A line that was begun is done where the tag says so, else void."""
    line = LedgerLine("", "me@here", "correction withdrawn", "1", "1", "complaints", "")
    ledger.begin("churn", line)
    mlflow.MlflowClient().set_model_version_tag("churn", "1", CORRECTION, tag)
    promotion.rollback("churn", "worse")  # leaves it alone
    assert told()[-1][3] == "started"
    corrections.allow(corrected.model(), "go on", "")
    assert told()[0][3] == state


def test_one_that_is_not_its_own_or_not_there() -> None:
    """Another version's, or one that is gone: one line says so, and a new one takes its place."""
    uri, run = corrected.log(corrected.correction("2"))
    with pytest.raises(LonghaulError, match="is of models:/churn/2, not of models:/churn/1"):
        corrections.read(uri, corrected.model())
    gone = f"runs:/{run}/gone.json"
    mlflow.MlflowClient().set_model_version_tag("churn", "1", CORRECTION, gone)
    with pytest.raises(LonghaulError, match=r"gone\.json cannot be read"):
        corrections.find(corrected.model())
    corrected.store(corrected.correction())
    assert corrections.find(corrected.model())


def test_its_run_is_kept() -> None:
    """Garbage collection keeps the run that a correction is an artifact of."""
    uri = corrected.store(corrected.correction())
    run = uri.split("/")[1]
    experiment = mlflow.MlflowClient().get_run(run).info.experiment_id
    assert run in garbage_collection.take_inventory(experiment).reachable
    assert versions.version("churn", "1").tags[CORRECTION] == uri
