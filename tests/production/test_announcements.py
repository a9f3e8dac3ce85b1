"""Announcements: each move of the ledger once, to the webhook and to messengers."""

import importlib.util
import signal

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.production.announcements import TAG, announced_moves
from longhaul.registry import corrections, ledger, promotion
from longhaul.registry.model_uri import resolve_model
from steps.promote import promote
from steps.rollback import rollback
from tests import registered
from tests.receivers import Receiver

KILLED = """
import os, signal
from longhaul.registry import canary, promotion

def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

canary.clear = die  # after the alias has moved, before the line is ended
promotion.promote("churn", "2", "cut off")
"""
RACER = """
import sys
from longhaul.production.announcements import announced_moves
from longhaul.registry import promotion
for line in sys.stdin:
    with announced_moves("churn"):
        promotion.promote("churn", line.strip(), "raced")
    print("done", flush=True)
"""


@pytest.fixture(autouse=True)
def model(tracking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registered model with two versions."""
    registered.model("churn", 2)
    monkeypatch.setattr("longhaul.production.alerts.PAUSE_SECONDS", 0.0)


def run_promote(number: str) -> None:
    given = ("--model", f"models:/churn/{number}", "--reason", "better", "--evidence", "abc")
    promote.main([*given, "--expected_champion", "any", "--share", "1"])


def test_moves_are_sent_once(hook: Receiver) -> None:
    """By the steps that make them, with versions, reason and runs; what moved nothing is silent."""
    for number in "122":
        run_promote(number)
    rollback.main(["--name", "churn", "--reason", "complaints"])
    sent = [(message["event"], message["from"], message["to"]) for message in hook.messages]
    assert sent == [("promote", "none", "1"), ("promote", "1", "2"), ("rollback", "2", "1")]
    last, line = hook.messages[-1], ledger.lines("churn")[-1]
    assert (last["model"], last["reason"], last["who"]) == ("churn", "complaints", line.who)
    assert last["run"] == mlflow.last_active_run().info.run_id


def test_corrections_are_sent(hook: Receiver) -> None:
    """Taken back and allowed again: a line each, and each an alert."""
    model = resolve_model("models:/churn/1")
    for _ in range(2):
        with announced_moves("churn"):
            corrections.withdraw(model, "complaints", "")
    with announced_moves("churn"):
        corrections.allow(model, "mended", "")
    sent = [message["event"] for message in hook.messages]
    assert sent == ["correction withdrawn", "correction allowed"]


def test_a_refusal_is_sent(hook: Receiver) -> None:
    """It names the version that is refused, and the champion that stays."""
    mlflow.MlflowClient().set_registered_model_alias("churn", "challenger", "2")
    with announced_moves("churn"):
        assert promotion.refuse("churn", "2", "unfair", "abc")
    (message,) = hook.messages
    assert (message["event"], message["reason"]) == ("refuse", "version 2 refused: unfair")


def test_a_move_of_a_killed_process_is_sent_by_the_next(hook: Receiver) -> None:
    """The next move ends the line and announces it, before its own."""
    promotion.promote("churn", "1", "first")
    process = registered.python(KILLED)
    assert process.wait(60) == -signal.SIGKILL
    assert ledger.lines("churn")[-1].state == "started"
    with announced_moves("churn"):
        promotion.rollback("churn", "complaints")
    sent = [(message["event"], message["reason"]) for message in hook.messages]
    assert sent == [("promote", "cut off"), ("rollback", "complaints")]


def test_racing_processes_send_each_line_once(hook: Receiver) -> None:
    """As many alerts as lines, whoever waited for whom."""
    racers = [registered.python(RACER) for _ in range(2)]
    for _ in range(3):
        for number, racer in zip("12", racers, strict=True):
            assert racer.stdin
            racer.stdin.write(f"{number}\n")
            racer.stdin.flush()
        for racer in racers:
            assert racer.stdout
            assert racer.stdout.readline() == "done\n"
    for racer in racers:
        racer.communicate(timeout=60)
    lines = sorted(line.when for line in ledger.lines("churn"))
    assert len(lines) >= 4
    assert sorted(message["when"] for message in hook.messages) == lines


def test_a_block_that_fails_afterwards_still_tells(hook: Receiver) -> None:
    """The champion has moved, whatever came after; a block that was refused tells nothing."""

    def fail_late() -> None:
        with announced_moves("churn"):
            promotion.promote("churn", "1", "first")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail_late()
    with pytest.raises(LonghaulError), announced_moves("churn"):
        promotion.rollback("churn", "complaints")
    assert len(hook.messages) == 1


def test_failures_stop_no_step(
    hook: Receiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The version is champion; one line and a tag say what was not delivered, without secrets."""
    hook.codes = [400]
    monkeypatch.setenv("LONGHAUL_ALERTS", "json://me:swordfish@127.0.0.1:9/")
    run_promote("1")
    assert promotion.champion("churn") == "1"
    tag = mlflow.last_active_run().data.tags[TAG]
    assert tag.startswith("not delivered: answered 400; LONGHAUL_ALERTS")
    error = capsys.readouterr().err
    assert error.startswith("note: the alert was not delivered: answered 400; LONGHAUL_ALERTS")
    assert error.count("\n") == 1
    assert "swordfish" not in error + tag


@pytest.mark.skipif(importlib.util.find_spec("apprise") is None, reason="takes apprise")
def test_people_read_the_same(hook: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a messenger, in words."""
    monkeypatch.setenv("LONGHAUL_ALERTS", hook.address.replace("http", "json", 1))
    run_promote("1")
    for_programs, for_people = hook.messages
    assert for_programs["event"] == "promote"
    assert for_people["title"] == "churn: version 1 is champion now"
    assert "Reason: better" in for_people["message"]
