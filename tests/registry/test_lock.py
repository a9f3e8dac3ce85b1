"""One holder at a time, whoever dies."""

import threading
import time

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.registry import lock as locks
from longhaul.registry.lock import HOLDER, SUFFIX, TOKEN, lock
from longhaul.tracking.process_owner import current
from tests import registered

pytestmark = pytest.mark.usefixtures("shared")


def plant(name: str, holder: str) -> None:
    """A lock as another process would hold it."""
    tags = {HOLDER: holder, TOKEN: "planted"}
    mlflow.MlflowClient().create_registered_model(name + SUFFIX, tags=tags)


def locked(name: str) -> list[str]:
    """What there is in the store of a lock."""
    found = mlflow.MlflowClient().search_registered_models(f"name LIKE '{name}.lock%'")
    return [one.name for one in found]


def most_at_once(name: str, contenders: int) -> int:
    """How many of as many threads were ever inside together."""
    inside: list[int] = []
    seen: list[int] = []

    def contend(number: int) -> None:
        with lock(name):
            inside.append(number)
            time.sleep(0.02)
            seen.append(len(inside))
            inside.remove(number)

    threads = [threading.Thread(target=contend, args=(number,)) for number in range(contenders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert contenders == len(seen)
    return max(seen)


def test_one_at_a_time() -> None:
    """Of six that want it together none is inside with another, and nothing is left."""
    assert most_at_once("busy", 6) == 1
    assert locked("busy") == []


def test_dead_holders_lock_is_broken_once() -> None:
    """Six find the lock of a process that has ended; still one at a time, and nothing is left."""
    plant("dead", registered.gone())
    assert most_at_once("dead", 6) == 1
    assert locked("dead") == []


def test_whoever_looked_too_long_deletes_no_one_elses_lock() -> None:
    """A breaker that saw the dead lock, but comes when the next holder has it, leaves it alone."""
    plant("late", registered.gone())
    seen = mlflow.MlflowClient().get_registered_model("late" + SUFFIX)
    with lock("late"):
        locks._break(seen, time.monotonic())
        assert locked("late") == ["late" + SUFFIX]


def test_killed_breakers_claim_is_broken_too() -> None:
    """Whoever dies while breaking leaves a claim; six find lock and claim, and nothing is left."""
    plant("twice", registered.gone())
    tags = {HOLDER: registered.gone(), TOKEN: "claimed"}
    mlflow.MlflowClient().create_registered_model("twice.lock.planted", tags=tags)
    assert most_at_once("twice", 6) == 1
    assert locked("twice") == []


def test_living_breaker_is_named_on_timeout() -> None:
    """To wait for one that breaks the lock has its end too."""
    plant("slow", registered.gone())
    tags = {HOLDER: current(), TOKEN: "claimed"}
    mlflow.MlflowClient().create_registered_model("slow.lock.planted", tags=tags)
    with pytest.raises(LonghaulError, match=rf"slow.lock.planted: held by process {current()} "):
        lock("slow", timeout=0.1).__enter__()


def test_request_that_was_sent_again_has_the_lock() -> None:
    """Over a network MLflow repeats a request without an answer; the first one may have worked."""
    plant("resent", current())
    locks._acquire("resent" + SUFFIX, "planted", time.monotonic())


def test_living_holder_is_named_on_timeout() -> None:
    """Who holds it, and what to do; the lock stays theirs."""
    plant("held", current())
    with pytest.raises(LonghaulError, match=rf"held.lock: held by process {current()} .* delete"):
        lock("held", timeout=0.1).__enter__()
    assert locked("held") == ["held" + SUFFIX]


def test_holder_elsewhere_is_trusted_until_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another host only the age of the lock tells."""
    plant("far", "elsewhere/1/0")
    with pytest.raises(LonghaulError, match="elsewhere/1/0"):
        lock("far", timeout=0.1).__enter__()
    monkeypatch.setattr(locks, "STALE_SECONDS", 0.0)
    with lock("far"):
        assert locked("far") == ["far" + SUFFIX]
    assert locked("far") == []


def test_error_inside_releases() -> None:
    """The lock goes with the block, however it ends."""
    with pytest.raises(KeyError), lock("broken"):
        raise KeyError
    assert locked("broken") == []
