"""Events, as programs read them and in plain words."""

import pytest

from longhaul.monitoring.decision import Decision
from longhaul.production import events
from longhaul.registry.ledger import LedgerLine, Move
from longhaul.registry.model_uri import ModelUri

MODEL = ModelUri("churn", "3", "models:/churn/3")


def decision(level: str, action: str, reason: str) -> Decision:
    return Decision(level, action, reason, degraded=None, rules=(), diagnosis="")  # type: ignore[arg-type]


def line(move: Move = "promote", **changes: str) -> LedgerLine:
    given = {
        "when": "2020-07-01T00:00:00+00:00",
        "who": "ann (root@host)",
        "before": "1",
        "after": "2",
        "reason": "passed on June",
        "evidence": "abc",
        "state": "done",
        **changes,
    }
    return LedgerLine(move=move, **given)  # type: ignore[arg-type]


def test_a_period_that_is_ok_is_no_event() -> None:
    """Nobody is called for it."""
    assert events.bad_period("2020-07", decision("ok", "none", "all well"), MODEL, "r1") is None


def test_a_bad_period() -> None:
    """The fields of the message as ever, and one more; words that say who, what and where."""
    event = events.bad_period("2020-07", decision("act", "retrain", "it fell"), MODEL, "r1")
    assert event
    assert event.message == {
        "event": "period",
        "model": "churn",
        "version": "3",
        "period": "2020-07",
        "level": "act",
        "action": "retrain",
        "reason": "it fell",
        "run": "r1",
    }
    assert event.title == "churn: period 2020-07 is act"
    assert event.text.splitlines() == [
        "Period 2020-07 of the model churn, predicted by version 3, needs action: train the model"
        " again (retrain).",
        "Reason: it fell",
        "Run: r1",
    ]
    assert event.urgency == "failure"


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        (
            "repair the data: column 'plan': expected at most 1.0% in categories never seen, found"
            " 9 of 90 (10.0%), such as 'gold', 'tin' (and 1 more)",
            "found 9 of 90 (10.0%); examples are in the run",
        ),
        (
            "repair the data: 9 of 90 rows break the contract, more than contract.quarantine ="
            " 1.0% allows: age = 'Ann', expected a number",
            "contract.quarantine = 1.0%; examples are in the run",
        ),
    ],
)
def test_values_of_rows_are_not_for_chat_rooms(reason: str, kept: str) -> None:
    """The reason is cut where its examples begin."""
    event = events.bad_period("2020-07", decision("act", "repair", reason), MODEL, "r1")
    assert event
    assert event.text.splitlines()[1].endswith(kept)
    for value in ("gold", "Ann"):
        assert value not in event.text + event.title


@pytest.mark.parametrize(
    ("move", "title", "urgency"),
    [
        ("promote", "churn: version 2 is champion now", "info"),
        ("rollback", "churn: rolled back to version 2", "warning"),
        ("refuse", "churn: a challenger is refused", "warning"),
        ("correction on", "churn: the probabilities of version 2 are corrected now", "info"),
        ("correction withdrawn", "churn: the correction of version 2 is taken back", "warning"),
        ("canary end", "churn: version 2 is canary no more", "warning"),
    ],
)
def test_moves(move: Move, title: str, urgency: str) -> None:
    """Each says in its title what it is; the text has who, why and the runs."""
    event = events.move("churn", line(move), "r1")
    assert event
    assert (event.title, event.urgency) == (title, urgency)
    assert event.text.startswith(title)
    for text in ("passed on June", "ann (root@host)", "2020-07-01T", "run abc", "Run: r1"):
        assert text in event.text
    assert event.message["event"] == move
    assert (event.message["from"], event.message["to"]) == ("1", "2")


@pytest.mark.parametrize(("before", "text"), [("none", "it was none."), ("1", "was version 1.")])
def test_the_champion_before(before: str, text: str) -> None:
    """A promotion says what it replaced."""
    event = events.move("churn", line(before=before), "r1")
    assert event
    assert event.text.splitlines()[0].endswith(text)


def test_what_did_not_happen_is_no_event() -> None:
    """Nor is a value that was accepted into the contract."""
    assert events.move("churn", line(state="void"), "r1") is None
    assert events.move("churn", line("accept"), "r1") is None
