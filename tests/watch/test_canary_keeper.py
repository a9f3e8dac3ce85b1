"""The keeper of the canary carries out a verdict, and people are told."""

from types import SimpleNamespace
from typing import Any

import pytest

from longhaul.evaluation.canary_verdict import CanaryVerdict
from longhaul.registry import canary, promotion
from longhaul.watch import canary_keeper
from tests import registered
from tests.receivers import Receiver


@pytest.fixture(autouse=True)
def model(tracking: str) -> None:
    """A champion, and a canary with a tenth of the requests."""
    registered.model("churn", 2)
    promotion.promote("churn", "1", "first")
    canary.begin("churn", "2", 0.1, "passed on June", "")


def carry_out(verdict: CanaryVerdict) -> None:
    flow: Any = SimpleNamespace(parent_id="the-watch")
    stored = canary.current("churn")
    assert stored
    canary_keeper._carry_out(flow, "churn", stored, "1", verdict)


def test_each_move_is_an_alert(hook: Receiver) -> None:
    """It waits in silence, grows, and goes back; the watch's run is the evidence."""
    carry_out(CanaryVerdict("wait", "too few outcomes", 0.0, None))
    carry_out(CanaryVerdict("grow", "it costs no more", 0.5, None))
    carry_out(CanaryVerdict("end", "it costs more", 0.0, None))
    assert canary.current("churn") is None
    sent = [(message["event"], message["to"], message["evidence"]) for message in hook.messages]
    assert sent == [("canary grow", "2", "the-watch"), ("canary end", "2", "the-watch")]
    assert "share 0.5 to 0: it costs more" in hook.messages[-1]["reason"]
