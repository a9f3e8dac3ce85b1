"""One champion, whoever promotes at the same time and whoever is killed; and a way back."""

import os
import signal
from pathlib import Path

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.registry import ledger, promotion, versions
from longhaul.registry.ledger import NONE, LedgerLine
from tests import registered

PROMOTER = """
import sys
from longhaul.registry import promotion
for line in sys.stdin:
    promotion.promote(*line.split(), reason="raced")
    print("done", flush=True)
"""
KILLED = """
import os, signal
import mlflow
from longhaul.registry import ledger, promotion

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

{where} = die
promotion.promote("{name}", "2", "cut off")
"""
KILLED_AT_A_WRITE = """
import os, signal, sys
import mlflow
from longhaul.registry import promotion

WRITES = ("create_", "delete_", "set_", "transition_")

def deadly(write, fatal, count):
    def wrapped(*arguments, **named):
        count.append(write)
        if len(count) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return write(*arguments, **named)
    return wrapped

def promote(fatal):
    count = []
    for name, method in list(vars(mlflow.MlflowClient).items()):
        if name.startswith(WRITES):
            setattr(mlflow.MlflowClient, name, deadly(method, fatal, count))
    promotion.promote(f"any-{fatal}", "2", "cut off")

for line in sys.stdin:
    child = os.fork()
    if not child:
        promote(int(line))
        os._exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""
BEFORE_THE_MOVE = "mlflow.MlflowClient.set_registered_model_alias"
AFTER_THE_MOVE = "promotion.legacy_stages.mirror"

MODEL = """
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

class Model(PythonModel):
    def predict(self, context, model_input: list[float]) -> list[float]:
        return model_input

set_model(Model())
"""


pytestmark = pytest.mark.usefixtures("shared")


def moves(name: str) -> list[tuple[str, str, str, str]]:
    return [(one.move, one.before, one.after, one.state) for one in ledger.lines(name)]


def log_model(folder: Path) -> str:
    """Log a model from code; its URI."""
    code = folder / "model.py"
    code.write_text(MODEL)
    with mlflow.start_run() as run:
        mlflow.pyfunc.log_model(name="model", python_model=str(code), pip_requirements=["mlflow"])
    return f"runs:/{run.info.run_id}/model"


def test_promotion_moves_alias_stages_and_ledger() -> None:
    """Production is the champion, Archived the one before, and the ledger has both moves."""
    registered.model("simple", 2)
    assert promotion.promote("simple", "1", "first", "abc", "none") == (NONE, "1")
    assert promotion.promote("simple", "2", "better", "def", "1") == ("1", "2")
    assert promotion.champion("simple") == "2"
    assert registered.stages("simple") == {"1": "Archived", "2": "Production"}
    expected = [("promote", NONE, "1", "done"), ("promote", "1", "2", "done")]
    assert expected == moves("simple")
    assert [line.evidence for line in ledger.lines("simple")] == ["abc", "def"]


def test_promoting_the_champion_changes_nothing() -> None:
    """Not even where `expected_champion` no longer holds; so a promotion may be run again."""
    registered.model("again", 1)
    promotion.promote("again", "1", "first", expected_champion="none")
    assert promotion.promote("again", "1", "again", expected_champion="none") == ("1", "1")
    assert len(moves("again")) == 1


def test_a_promotion_that_others_have_followed_may_be_run_again() -> None:
    """What was done once is not done again, nor an error; another question still is one."""
    registered.model("followed", 3)
    promotion.promote("followed", "1", "first", expected_champion="none")
    promotion.promote("followed", "2", "second", expected_champion="1")
    assert promotion.promote("followed", "1", "first", expected_champion="none") == ("2", "2")
    assert len(moves("followed")) == 2
    with pytest.raises(LonghaulError, match="the champion is version 2, not none as expected"):
        promotion.promote("followed", "3", "third", expected_champion="none")


@pytest.mark.parametrize(("expected_champion", "wanted"), [("none", "none"), ("2", "version 2")])
def test_another_champion_than_expected(expected_champion: str, wanted: str) -> None:
    """The champion found is named, and nothing moves."""
    name = f"cas-{expected_champion}"
    registered.model(name, 3)
    promotion.promote(name, "1", "first")
    with pytest.raises(LonghaulError, match=rf"{name}: the champion is version 1, not {wanted} as"):
        promotion.promote(name, "3", "late", expected_champion=expected_champion)
    assert (promotion.champion(name), len(moves(name))) == ("1", 1)


@pytest.mark.parametrize(
    ("number", "reason", "expected_champion", "message"),
    [
        ("9", "why", "any", "models:/bad/9: no such version"),
        ("1", "x" * 1001, "any", "reason: 1,001 characters"),
        ("1", "", "any", "reason: empty"),
        ("1", "why", "some", "expected_champion: 'some' is neither"),
    ],
)
def test_bad_promotion_is_one_line(
    number: str, reason: str, expected_champion: str, message: str
) -> None:
    """What was wrong; nothing is written."""
    with pytest.raises(LonghaulError, match=message):
        promotion.promote("bad", number, reason, expected_champion=expected_champion)
    assert ledger.lines("bad") == []


@pytest.mark.slow
def test_two_promotions_at_the_same_moment() -> None:
    """In two processes, several times: one champion, in Production, and a ledger that adds up."""
    workers = [registered.python(PROMOTER) for _ in range(2)]
    for repetition in range(4):
        name = f"race-{repetition}"
        registered.model(name, 3)
        promotion.promote(name, "1", "first")
        for worker, number in zip(workers, "23", strict=True):
            worker.stdin.write(f"{name} {number}\n")
        for worker in workers:
            worker.stdin.flush()
        assert [worker.stdout.readline() for worker in workers] == ["done\n"] * 2
        winner, loser = (
            promotion.champion(name),
            next(iter({"2", "3"} - {promotion.champion(name)})),
        )
        assert {winner: "Production", loser: "Archived", "1": "Archived"} == registered.stages(name)
        chain = [(NONE, "1"), ("1", loser), (loser, winner)]
        assert [("promote", *pair, "done") for pair in chain] == moves(name)
    for worker in workers:
        worker.communicate()


@pytest.mark.slow
def test_killed_before_the_move_is_void() -> None:
    """Between the line and the alias: the next promotion breaks the lock and voids the line."""
    registered.model("killed-before", 3)
    promotion.promote("killed-before", "1", "first")
    script = KILLED.format(where=BEFORE_THE_MOVE, name="killed-before")
    assert registered.python(script).wait() == -signal.SIGKILL
    assert moves("killed-before")[-1] == ("promote", "1", "2", "started")
    assert promotion.promote("killed-before", "3", "next", expected_champion="1") == ("1", "3")
    expected = [("1", "2", "void"), ("1", "3", "done")]
    assert expected == [move[1:] for move in moves("killed-before")[1:]]
    assert registered.stages("killed-before") == {"1": "Archived", "2": "None", "3": "Production"}


@pytest.mark.slow
def test_killed_after_the_move_is_done() -> None:
    """The same promotion again finds its work done, settles the line and mirrors the stages."""
    registered.model("killed-after", 2)
    promotion.promote("killed-after", "1", "first")
    script = KILLED.format(where=AFTER_THE_MOVE, name="killed-after")
    assert registered.python(script).wait() == -signal.SIGKILL
    assert registered.stages("killed-after") == {"1": "Production", "2": "None"}
    assert promotion.promote("killed-after", "2", "cut off", expected_champion="1") == ("2", "2")
    assert moves("killed-after")[-1] == ("promote", "1", "2", "done")
    assert registered.stages("killed-after") == {"1": "Archived", "2": "Production"}


@pytest.mark.slow
def test_killed_at_any_write() -> None:
    """Before each thing it writes: the next promotion finds order, makes order, and goes on."""
    worker, fatal, status = registered.python(KILLED_AT_A_WRITE), 0, int(signal.SIGKILL)
    while status:
        fatal += 1
        name = f"any-{fatal}"
        registered.model(name, 3)
        promotion.promote(name, "1", "first")
        mlflow.MlflowClient().set_registered_model_alias(name, "challenger", "2")
        worker.stdin.write(f"{fatal}\n")
        worker.stdin.flush()
        status = int(worker.stdout.readline())
        was = promotion.champion(name)
        assert promotion.promote(name, "3", "next", expected_champion=was) == (was, "3")
        assert registered.aliases(name).items() >= {("champion", "3")}
        assert [s for s in registered.stages(name).values() if s == "Production"] == ["Production"]
        done = [pair for _, *pair, state in moves(name) if state == "done"]
        assert [[NONE, "1"], *([["1", "2"]] if was == "2" else []), [was, "3"]] == done
        assert "started" not in {line.state for line in ledger.lines(name)}
    assert fatal > 7
    worker.communicate()
    assert mlflow.MlflowClient().search_registered_models("name LIKE '%.lock%'") == []


def test_rollback_goes_back_one_champion_at_a_time() -> None:
    """Twice goes two back; where there is none before, one line says so."""
    registered.model("back", 3)
    for number in "123":
        promotion.promote("back", number, "better")
    assert promotion.rollback("back", "complaints") == ("3", "2")
    assert registered.stages("back") == {"1": "Archived", "2": "Production", "3": "Archived"}
    assert promotion.rollback("back", "more complaints") == ("2", "1")
    with pytest.raises(LonghaulError, match="back: the ledger names no champion before version"):
        promotion.rollback("back", "despair")
    assert moves("back")[-1] == ("rollback", "2", "1", "done")


def test_rollback_without_champion() -> None:
    """A model without a champion, and one that is not there, are one line each."""
    registered.model("headless", 1)
    with pytest.raises(LonghaulError, match="headless: no champion to roll back"):
        promotion.rollback("headless", "why")
    with pytest.raises(LonghaulError, match="nobody: no champion to roll back"):
        promotion.rollback("nobody", "why")


def test_register_twice_is_one_version(tmp_path: Path) -> None:
    """The challenger is in Staging; the same candidate again is the same version."""
    candidate = log_model(tmp_path)
    assert promotion.register("twice", candidate, {"a": "b"}, "figures") == "1"
    assert promotion.register("twice", candidate, {"a": "c"}, "figures") == "1"
    assert registered.aliases("twice") == {"challenger": "1"}
    assert registered.stages("twice") == {"1": "Staging"}
    found = versions.version("twice", "1")
    assert (found.tags["a"], found.description) == ("c", "figures")
    assert mlflow.pyfunc.load_model("models:/twice@challenger").predict([1.0]) == [1.0]


def test_challenger_becomes_champion(tmp_path: Path) -> None:
    """The alias challenger goes; registering the champion again does not bring it back."""
    candidate = log_model(tmp_path)
    promotion.promote("rise", promotion.register("rise", candidate, {}, ""), "better")
    assert registered.aliases("rise") == {"champion": "1"}
    promotion.register("rise", candidate, {}, "")
    assert registered.aliases("rise") == {"champion": "1"}
    assert registered.stages("rise") == {"1": "Production"}


def test_newer_challenger_archives_the_older(tmp_path: Path) -> None:
    """There is one challenger, and Staging is where it is."""
    for _ in range(2):
        promotion.register("newer", log_model(tmp_path), {}, "")
    assert registered.aliases("newer") == {"challenger": "2"}
    assert registered.stages("newer") == {"1": "Archived", "2": "Staging"}


def test_incumbent_is_the_same_question_twice() -> None:
    """Before its promotion and after it, a candidate has to beat the same champion."""
    first, second = (f"runs:/{run}/model" for run in registered.model("ask", 2))
    assert promotion.incumbent("nobody", first) == NONE
    assert promotion.incumbent("ask", first) == NONE
    promotion.promote("ask", "1", "first")
    assert promotion.incumbent("ask", first) == NONE
    assert promotion.incumbent("ask", second) == "1"
    assert promotion.promoted_version("ask", second) is None
    promotion.promote("ask", "2", "better")
    assert promotion.incumbent("ask", second) == "1"
    assert promotion.incumbent("ask", first) == NONE
    assert promotion.promoted_version("ask", first) == "1"
    assert promotion.promoted_version("ask", second) == "2"
    promotion.rollback("ask", "calls from the desk")
    assert promotion.promoted_version("ask", second) is None
    assert promotion.promoted_version("ask", first) == "1"
    assert promotion.promoted_version("nobody", first) is None


def test_incumbent_where_the_promotion_was_cut_off() -> None:
    """The alias moved, the line still says started: the question is the same one."""
    _, second = (f"runs:/{run}/model" for run in registered.model("ask-cut", 2))
    promotion.promote("ask-cut", "1", "first")
    ledger.begin("ask-cut", LedgerLine("", "me@here", "promote", "1", "2", "better", ""))
    mlflow.MlflowClient().set_registered_model_alias("ask-cut", "champion", "2")
    assert promotion.incumbent("ask-cut", second) == "1"
    assert moves("ask-cut")[-1] == ("promote", "1", "2", "started")


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that is run as a user whom it does not know."""
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    registered.model("nameless", 1)
    promotion.promote("nameless", "1", "first")
    assert ledger.lines("nameless")[-1].who.startswith("54321@")


def test_register_wants_a_runs_model() -> None:
    """A candidate is what a run has logged."""
    with pytest.raises(LonghaulError, match="is not of the form runs:/<run>/model"):
        promotion.register("odd", "models:/simple/1", {}, "")
