"""Under load: the champion moves, processes are killed, and no answer is lost or wrong."""

import json
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import mlflow
import psutil
import pytest

from benchmarks import load
from benchmarks.load import Answer, Load
from longhaul.registry import promotion
from longhaul.traffic import prediction_log
from tests.serving import services
from tests.serving.services import NAME, Running

pytestmark = pytest.mark.slow

REQUEST = load.post(services.BODY)
CLIENTS = 16


@pytest.fixture(autouse=True)
def _first_is_champion(says: dict[str, list[float]]) -> Iterator[None]:
    """Wherever a test leaves the alias, the next finds it where it was."""
    yield
    services.champion("1")


class Ear:
    """What the clients were told: the version and id of each answer, and whose numbers they are."""

    def __init__(self, says: dict[str, list[float]]):
        self.says, self.wrong = says, []
        self.told: list[tuple[str, str]] = []

    def __call__(self, answer: Answer) -> None:
        if answer.status != 200:
            return
        version = answer.headers["x-model-version"]
        self.told.append((answer.headers["x-request-id"], version))
        chances = [row["probability"] for row in json.loads(answer.body)["predictions"]]
        if chances != self.says[version]:
            self.wrong.append((version, chances))


def on_record(folder: Path) -> Counter[tuple[str, str]]:
    """How often each request and version is there."""
    found = Counter()
    for version in services.FAMILIES:
        rows = prediction_log.read(folder, f"{NAME}-{version}")
        found.update((request, version) for request in rows[rows["row"] == 0]["request"])
        assert sorted(rows["row"].unique()) in ([], [0, 1])
    return found


def ask(running: Running, ear: Ear, requests: int, loads: list[Load]) -> threading.Thread:
    """Let the clients ask, meanwhile."""

    def work() -> None:
        loads.append(load.drive(running.port, REQUEST, requests, CLIENTS, ear))

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def busy(worker: psutil.Process) -> bool:
    """Whether it has clients: one that is younger may have none yet."""
    return any(one.status == psutil.CONN_ESTABLISHED for one in worker.net_connections("tcp"))


@pytest.mark.parametrize("requests", [208, pytest.param(1600, marks=pytest.mark.nightly)])
def test_the_champion_moves(says: dict[str, list[float]], tmp_path: Path, requests: int) -> None:
    """Moved twenty times under load: nothing fails, each answer is that of the version it names."""
    ear, loads = Ear(says), []
    with services.serving(tmp_path / "record", workers=2) as running:
        for move in range(20):
            asking = ask(running, ear, requests, loads)
            version = "2" if move % 2 == 0 else "1"
            services.champion(version)
            asking.join()
            services.until(lambda v=version: running.get("/health").json()["version"] == v)
        text = running.get("/metrics").text
    assert [failure for one in loads for failure in one.failures] == []
    assert ear.wrong == []
    assert len(ear.told) == 20 * requests
    versions = Counter(version for _, version in ear.told)
    assert min(versions["1"], versions["2"]) > requests
    swaps = next(line for line in text.splitlines() if line.startswith("longhaul_swaps_total"))
    assert float(swaps.rpartition(" ")[2]) >= 20
    assert Counter(ear.told) == on_record(running.record)


def test_a_worker_is_killed(says: dict[str, list[float]], tmp_path: Path) -> None:
    """SIGKILL of a worker: another takes its place, and every acknowledged request is on record."""
    ear, loads = Ear(says), []
    with services.serving(tmp_path / "record", fresh=True, workers=2) as running:
        asking = ask(running, ear, 16_000, loads)
        services.until(lambda: any(map(busy, running.workers())))
        time.sleep(0.5)
        killed = next(worker for worker in running.workers() if busy(worker))
        killed.kill()
        asking.join()
        services.until(lambda: len(running.workers()) == 2)
        services.until(lambda: running.get("/ready").status_code == 200)
        assert killed.pid not in [worker.pid for worker in running.workers()]
        assert load.drive(running.port, REQUEST, 160, CLIENTS, ear).failures == []
    assert 0 < len(loads[0].failures) <= CLIENTS  # those whose connection it was
    assert ear.wrong == []
    found = on_record(running.record)
    assert [name for name in ear.told if found[name] != 1] == []
    assert max(found.values()) == 1
    assert len(found) <= len(ear.told) + CLIENTS  # recorded, and the answer died with the worker


def test_all_is_killed(says: dict[str, list[float]], tmp_path: Path) -> None:
    """SIGKILL of everything: the next service finds what was acknowledged, once."""
    ear, loads = Ear(says), []
    with services.serving(tmp_path / "record", fresh=True, workers=2) as running:
        asking = ask(running, ear, 64_000, loads)
        time.sleep(2.5)
        for process in [running.supervisor(), *running.workers()]:
            process.kill()
        asking.join()
    assert 0 < len(ear.told) < 64_000
    assert list((tmp_path / "record" / "journal").glob("*.jsonl"))
    with services.serving(tmp_path / "record"):
        journals = tmp_path / "record" / "journal"
        services.until(lambda: not list(journals.glob("*.jsonl")))
    found = on_record(tmp_path / "record")
    assert [name for name in ear.told if found[name] != 1] == []
    assert max(found.values()) == 1


def test_a_bad_version_is_refused(says: dict[str, list[float]], tmp_path: Path) -> None:
    """It is never served, the reason is said, a worker that starts takes the last good one."""
    client = mlflow.MlflowClient()
    good = client.get_model_version(NAME, "1")
    source = tmp_path / "bad"
    shutil.copytree(mlflow.artifacts.download_artifacts(f"models:/{NAME}/1"), source)
    (encoder,) = source.rglob("encoder.json")
    encoder.write_text(encoder.read_text().replace('"format": 1', '"format": 9'))
    bad = client.create_model_version(NAME, str(source), good.run_id).version
    with services.serving(tmp_path / "record", fresh=True) as running:
        services.champion(bad)
        services.until(lambda: running.get("/health").json()["refused"] is not None)
        health = running.get("/health").json()
        assert (health["status"], health["version"]) == ("troubled", "1")
        assert "its format is 9" in health["refused"]["reason"]
        assert says["1"] == [row["probability"] for row in running.post().json()["predictions"]]
        (worker,) = running.workers()
        worker.kill()
        services.until(lambda: running.workers() not in ([], [worker]))
        services.until(lambda: running.get("/ready").status_code == 200)
        assert running.post().headers["x-model-version"] == "1"
        services.champion("2")
        services.until(lambda: running.get("/health").json()["version"] == "2")
        assert running.get("/health").json()["refused"] is None


def test_rollback_is_followed(says: dict[str, list[float]], tmp_path: Path) -> None:
    """Promoted, the challenger answers; rolled back, it does no more."""
    with services.serving(tmp_path / "record") as running:
        promotion.promote(NAME, "2", "better")
        services.until(lambda: running.post().headers["x-model-version"] == "2")
        promotion.rollback(NAME, "worse")
        services.until(lambda: running.post().headers["x-model-version"] == "1")


def test_shadow(says: dict[str, list[float]], tmp_path: Path) -> None:
    """The challenger predicts the same rows, on a record of its own; nobody is told."""
    registered = mlflow.MlflowClient()
    registered.set_registered_model_alias(NAME, "challenger", "2")
    with services.serving(tmp_path / "record", shadow="challenger") as running:
        told = [running.post().headers["x-request-id"] for _ in range(3)]
        folder = tmp_path / "record"
        services.until(
            lambda: len(prediction_log.read(folder, f"{NAME}-2", prediction_log.SHADOW)) == 6
        )
        told += [running.post().headers["x-request-id"]]
    shadow = prediction_log.read(folder, f"{NAME}-2", prediction_log.SHADOW)
    live = prediction_log.read(folder, f"{NAME}-1")
    # A matrix product of six rows may be summed in another order than one of two.
    assert shadow["probability"].tolist() == pytest.approx(says["2"] * 4, rel=1e-12)
    assert says["1"] * 4 == live["probability"].tolist()
    assert told == shadow["request"].tolist()[::2] == live["request"].tolist()[::2]
    assert prediction_log.read(folder, f"{NAME}-2").empty
