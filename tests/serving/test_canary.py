"""The canary answers its share of the requests, the same ones always, and none fails for it."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import load
from longhaul.problem import Rollout
from longhaul.registry import canary as registry
from longhaul.registry import ledger, promotion
from longhaul.serving.canary import LiveCanary
from longhaul.serving.loaded_model import LoadedModel
from longhaul.traffic import prediction_log
from tests.serving import services
from tests.serving.services import BODY, NAME, Running

ROLLOUT = Rollout(min_requests=20)


def live(share: float, version: str = "2") -> LiveCanary:
    """A canary without a model behind it."""
    model = SimpleNamespace(model_uri=SimpleNamespace(version=version))
    return LiveCanary(cast(LoadedModel, model), share)


@given(key=st.text(max_size=20), small=st.floats(0.01, 0.99), more=st.floats(0, 0.5))
def test_who_is_answered_stays_so(key: str, small: float, more: float) -> None:
    """The same key is always answered by the same one; with a larger share none is given back."""
    before, after = live(small), live(min(small + more, 1.0))
    assert before.answers(key) is live(small).answers(key)
    assert after.answers(key) or not before.answers(key)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_the_share_is_kept(share: float) -> None:
    """Within what chance allows, of 10,000 keys; two versions do not get the same ones."""
    keys = [f"c{number}" for number in range(10_000)]
    first, second = (list(map(live(share, version).answers, keys)) for version in ("2", "3"))
    assert sum(first) / len(keys) == pytest.approx(
        share, abs=4 * (share * (1 - share) / 1e4) ** 0.5
    )
    both = sum(one and other for one, other in zip(first, second, strict=True))
    assert both / len(keys) == pytest.approx(share**2, abs=0.03)


def test_limits() -> None:
    """Failures and time are judged once there are enough requests of both."""
    canary = live(0.5)
    for _ in range(19):
        canary.count_failure()
    assert canary.breach(ROLLOUT) == ""
    canary.count_failure()
    assert "failed to answer 20 of 20 requests" in canary.breach(ROLLOUT)
    slow = live(0.5)
    for _ in range(20):
        slow.count(0.031)
    assert slow.breach(ROLLOUT) == ""
    for _ in range(20):
        slow.count_champion(0.010)
    assert "takes 31.0 ms for a request and the champion 10.0 ms" in slow.breach(ROLLOUT)
    quick = live(0.5)
    for _ in range(1000):
        quick.count(0.029)
        quick.count_champion(0.010)
    quick.count_failure()
    assert quick.breach(ROLLOUT) == ""


@pytest.fixture
def running(says: dict[str, list[float]], tmp_path: Path) -> Iterator[Running]:
    """A service of two workers; version 2 is no champion, and no canary afterwards."""
    services.champion("1")
    with services.serving(tmp_path / "record", workers=2) as service:
        yield service
    registry.end(NAME, "2", "the test is over", "")
    services.champion("1")


def share_of(running: Running, count: int = 200) -> tuple[int, Counter[str]]:
    """Answers of the canary among requests with ids of their own; and who answered each."""
    answered: Counter[str] = Counter()
    canaries = 0
    for number in range(count):
        answer = running.post(X_Request_Id=f"id-{number}")
        assert answer.status_code == 200, answer.text
        answered[answer.headers["x-model-version"]] += 1
        canaries += answer.headers.get("x-canary") == "true"
    return canaries, answered


def follow(running: Running, share: float | None) -> None:
    """Wait until both workers have the share: they look at it ten times a second."""
    services.until(lambda: (running.get("/health").json()["canary"] or {}).get("share") == share)
    time.sleep(2)


@pytest.mark.slow
def test_a_share_of_the_requests(running: Running, says: dict[str, list[float]]) -> None:
    """Grown and ended while requests come: none fails, headers and log name who answered."""
    answers: list[Any] = []
    asking = threading.Thread(
        target=load.drive, args=(running.port, load.post(BODY), 6000, 4, answers.append)
    )
    asking.start()
    registry.begin(NAME, "2", 0.3, "looks good", "")
    follow(running, 0.3)
    canaries, answered = share_of(running)
    assert canaries == answered["2"]
    assert 30 <= canaries <= 90
    assert share_of(running) == (canaries, answered)  # the same ids, the same answers
    registry.begin(NAME, "2", 0.9, "still good", "")
    follow(running, 0.9)
    assert share_of(running)[0] > 2 * canaries
    registry.end(NAME, "2", "no better", "")
    follow(running, None)
    assert share_of(running)[0] == 0
    asking.join()
    assert {answer.status for answer in answers} == {200}
    wrong = [
        answer
        for answer in answers
        if [row["probability"] for row in json.loads(answer.body)["predictions"]]
        != says[answer.headers["x-model-version"]]
    ]
    assert wrong == []


@pytest.mark.slow
def test_the_log_says_who_answered(running: Running) -> None:
    """Each row stands in the folder of its version; promoted, the canary answers all."""
    registry.begin(NAME, "2", 0.5, "looks good", "")
    follow(running, 0.5)
    _, answered = share_of(running, 60)
    promotion.promote(NAME, "2", "better")
    services.until(lambda: running.get("/health").json()["version"] == "2")
    follow(running, None)
    answer = running.post()
    assert (answer.headers["x-model-version"], answer.headers.get("x-canary")) == ("2", None)

    def logged() -> dict[str, int]:
        found = {n: prediction_log.read(running.record, f"{NAME}-{n}") for n in ("1", "2")}
        return {
            n: len(rows[rows["request"].str.startswith("id-")]) // 2 for n, rows in found.items()
        }

    services.until(lambda: logged() == dict(answered))
    assert [line.move for line in ledger.lines(NAME)][-2:] == ["canary begin", "promote"]
    promotion.rollback(NAME, "back to where it was")
