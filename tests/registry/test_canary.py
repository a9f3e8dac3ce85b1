"""A canary's share: a tag that services follow, in the ledger, ended with a champion's move."""

import json
from dataclasses import asdict
from pathlib import Path

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.registry import canary, ledger, promotion
from longhaul.registry.canary import Canary
from longhaul.registry.ledger import LedgerLine
from longhaul.tracking.tags import CANARY_SHARE
from tests import registered


@pytest.fixture
def name(tracking: str, tmp_path: Path) -> str:
    """A model with three versions, of which the first is champion."""
    name = f"canary-{tmp_path.name[:60].replace('_', '-')}"
    registered.model(name, 3)
    promotion.promote(name, "1", "the first")
    return name


def moves(name: str) -> list[tuple[str, str, str, str]]:
    """Each line of the ledger: move, champion, version, state."""
    return [(line.move, line.before, line.after, line.state) for line in ledger.lines(name)][1:]


def test_it_begins_grows_and_ends(name: str) -> None:
    """Alias, tag and ledger say the same; done twice, nothing changes."""
    assert canary.current(name) is None
    assert canary.begin(name, "2", 0.1, "looks good", "run")
    assert not canary.begin(name, "2", 0.1, "looks good", "run")
    stored = canary.current(name)
    assert stored is not None
    assert (stored.version, stored.share) == ("2", 0.1)
    assert registered.aliases(name) == {"champion": "1", "canary": "2"}
    assert canary.begin(name, "2", 0.5, "still good", "")
    assert ledger.lines(name)[-1].reason == "share 0.1 to 0.5: still good"
    assert canary.end(name, "2", "too slow", "")
    assert not canary.end(name, "2", "too slow", "")
    assert canary.current(name) is None
    assert registered.aliases(name) == {"champion": "1"}
    assert moves(name) == [
        ("canary begin", "1", "2", "done"),
        ("canary grow", "1", "2", "done"),
        ("canary end", "1", "2", "done"),
    ]


@pytest.mark.parametrize("number", ["2", "3"])
def test_a_champions_move_ends_it(name: str, number: str) -> None:
    """Whichever version takes over; the canary's lines do not confuse the ledger's champions."""
    canary.begin(name, "2", 0.25, "looks good", "")
    promotion.promote(name, number, "better")
    assert canary.current(name) is None
    assert registered.aliases(name) == {"champion": number}
    assert promotion.rollback(name, "worse").after == "1"


def test_what_cannot_be_canary(name: str) -> None:
    """The champion, a second one, and one beside no champion: one line, and nothing changes."""
    with pytest.raises(LonghaulError, match="version 1 is champion, and answers all requests"):
        canary.begin(name, "1", 0.1, "why not", "")
    canary.begin(name, "2", 0.1, "looks good", "")
    with pytest.raises(LonghaulError, match="version 2 is canary; take it back first"):
        canary.begin(name, "3", 0.1, "looks better", "")
    with pytest.raises(LonghaulError, match="reason: empty"):
        canary.begin(name, "2", 0.2, " ", "")
    other = f"{name}-2"
    registered.model(other, 1)
    with pytest.raises(LonghaulError, match="there is no champion beside which"):
        canary.begin(other, "1", 0.1, "why not", "")


@pytest.mark.parametrize("is_moved", [True, False])
def test_an_interrupted_line_is_settled(name: str, is_moved: bool) -> None:
    """Done if the share has moved, else void."""
    line = LedgerLine("", "kim", "canary begin", "1", "2", "share 0 to 0.1: cut off", "")
    begun = ledger.begin(name, line)
    if is_moved:
        text = json.dumps(asdict(Canary("2", 0.1, 0.0, begun.key)))
        mlflow.MlflowClient().set_registered_model_tag(name, CANARY_SHARE, text)
    canary.end(name, "2", "to be sure", "")
    states = [state for move, _, _, state in moves(name) if move == "canary begin"]
    assert states == ["done" if is_moved else "void"]
    assert canary.current(name) is None
