"""Lines come back as written and in order; the throne is what they add up to."""

import mlflow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.errors import LonghaulError
from longhaul.registry import ledger
from longhaul.registry.ledger import NONE, LedgerLine
from tests import registered

pytestmark = pytest.mark.usefixtures("shared")


def line(move: str, before: str, after: str, state: str = "done") -> LedgerLine:
    return LedgerLine("", "me@here", move, before, after, "why", "", state)  # type: ignore[arg-type]


def test_lines_are_tags_in_order_of_time() -> None:
    """What is begun comes back, one tag each, under a key that sorts by time."""
    registered.model("order", 0)
    begun = [ledger.begin("order", line("promote", str(i), str(i + 1))) for i in range(5)]
    assert begun == ledger.lines("order")
    assert sorted(one.when for one in begun) == [one.when for one in begun]
    tags = mlflow.MlflowClient().get_registered_model("order").tags
    assert all(key.startswith("longhaul.ledger.2") for key in tags)


def test_clock_that_goes_back_keeps_the_order() -> None:
    """A line from a host with a clock behind the last one's comes after it all the same."""
    registered.model("clock", 0)
    ahead = ledger.begin("clock", line("promote", NONE, "1"))
    future = ledger.replace(ahead, when="2999-01-01T00:00:00.000000+00:00")
    mlflow.MlflowClient().delete_registered_model_tag("clock", ahead.key)
    key = f"{ledger.PREFIX}29990101T000000.000000Z.00000000"
    ledger._write("clock", ledger.replace(future, key=key))
    ledger.begin("clock", line("promote", "1", "2"))
    assert [one.after for one in ledger.lines("clock")] == ["1", "2"]


def test_end_rewrites_the_line() -> None:
    """A line keeps its place and changes its state; the record has the names of the store."""
    registered.model("end", 0)
    begun = ledger.begin("end", line("promote", "1", "2", "started"))
    ledger.end("end", begun, "done")
    (found,) = ledger.lines("end")
    expected = ["when", "who", "move", "from", "to", "reason", "evidence", "state"]
    assert expected == list(found.to_dict())
    assert tuple(found.to_dict()[key] for key in ("from", "to", "state")) == ("1", "2", "done")


def test_no_model_no_lines() -> None:
    """A model that is not registered has an empty ledger."""
    assert ledger.lines("nobody") == []


def test_line_changed_by_hand_is_named() -> None:
    """A tag that is no line is an error with its key, not a traceback."""
    registered.model("hand", 0)
    mlflow.MlflowClient().set_registered_model_tag("hand", "longhaul.ledger.x", "[]")
    with pytest.raises(LonghaulError, match=r"^hand: tag .longhaul"):
        ledger.lines("hand")


def test_longest_reason_is_kept_whole() -> None:
    """A thousand characters that JSON has to escape come back; one more is refused."""
    registered.model("long", 0)
    reason = '"\\é' * 333 + "x"
    ledger.check_texts(reason)
    ledger.begin("long", ledger.replace(line("promote", NONE, "1"), reason=reason))
    assert reason == ledger.lines("long")[0].reason
    with pytest.raises(LonghaulError, match="reason: 1,001 characters"):
        ledger.check_texts(reason + "x")


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "a\0b", "\udce9"])
def test_reason_is_one_line_of_text(reason: str) -> None:
    """What no one could read later is refused."""
    with pytest.raises(LonghaulError, match=r"^reason: "):
        ledger.check_texts(reason)


def test_settled_by_what_the_alias_shows() -> None:
    """A line cut off is done if its version is champion, else void; others stay as they are."""
    history = [line("promote", NONE, "1"), line("promote", "1", "2", "started")]
    for champion, state in (("2", "done"), ("1", "void"), (None, "void")):
        states = [one.state for one in ledger.settle_states(history, champion)]
        assert ["done", state] == states


def test_throne_after_rollbacks() -> None:
    """Each rollback goes one champion further back; void and started lines do not count."""
    history = [line("promote", NONE, "1"), line("promote", "1", "2"), line("promote", "2", "3")]
    assert ledger.champion_stack(history) == ["1", "2", "3"]
    history += [line("rollback", "3", "2"), line("promote", "2", "9", "void")]
    assert ledger.champion_stack(history) == ["1", "2"]
    history += [line("rollback", "2", "1"), line("promote", "1", "3", "started")]
    assert ledger.champion_stack(history) == ["1"]
    assert ledger.previous_champion(history, "1") == NONE


def test_alias_moved_by_hand_begins_a_new_throne() -> None:
    """What the ledger did not see is not made up."""
    history = [line("promote", NONE, "1"), line("promote", "7", "8")]
    assert ledger.champion_stack(history) == ["7", "8"]
    assert ledger.previous_champion(history, "8") == "7"
    assert ledger.previous_champion(history, "1") == NONE


@given(st.lists(st.one_of(st.integers(1, 4), st.none()), max_size=20))
def test_throne_is_a_stack(moves: list[int | None]) -> None:
    """Any promotions and rollbacks add up to what a stack of versions holds."""
    history, stack = [], []
    for move in moves:
        top = stack[-1] if stack else NONE
        if move is None and len(stack) > 1:
            stack.pop()
            history.append(line("rollback", top, stack[-1]))
        elif move is not None and str(move) != top:
            stack.append(str(move))
            history.append(line("promote", top, str(move)))
    assert stack == ledger.champion_stack(history)
