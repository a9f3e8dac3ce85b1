"""Two hosts and one log: what was acknowledged is in the object store once, whoever is killed."""

import contextlib
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
import requests

from longhaul.production import live_traffic
from longhaul.traffic import prediction_log
from tests import objects
from tests.serving import services
from tests.serving.services import NAME, Running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An object store, in whose environment the services are."""
    with objects.store(tmp_path_factory.mktemp("objects")) as address:
        yield address


class Client:
    """Asks one host until it is told to stop, and remembers what was acknowledged."""

    def __init__(self, host: str):
        self.host, self.asked = host, 0
        self.answered: list[str] = []
        self.outcomes: list[str] = []
        self.rested = threading.Event()

    def ask(self, running: Running) -> None:
        """Ask until the service is gone, or this client is to rest."""
        with contextlib.suppress(requests.RequestException):
            while not self.rested.is_set():
                self.asked += 1
                name = f"{self.host}-{self.asked:06d}"
                if running.post(X_Request_Id=name).status_code != 200:
                    continue
                self.answered.append(name)
                body = {"outcomes": [{"request": name, "row": 1, "outcome": True}]}
                if running.post(json.dumps(body).encode(), "/outcomes").ok:
                    self.outcomes.append(name)


def live(record: Path, ship: str, client: Client, seconds: float | None) -> None:
    """One life of a service: killed after so many seconds, or stopped when it has come to rest."""
    with services.serving(record, fresh=True, ship=ship, compact_seconds=0.3) as running:
        client.rested.clear()
        asking = threading.Thread(target=client.ask, args=(running,))
        asking.start()
        time.sleep(2.0 if seconds is None else seconds)
        if seconds is None:
            client.rested.set()
            asking.join()
            supervisor = running.supervisor()
            supervisor.send_signal(signal.SIGTERM)
            psutil.wait_procs([supervisor], 60)
            return
        for process in [running.supervisor(), *running.workers()]:
            process.kill()
        asking.join()


def counted(log: Path, subfolder: str) -> Counter[tuple[str, int]]:
    """How often each row is in the files of a log."""
    rows: Counter[tuple[str, int]] = Counter()
    for file in (log / subfolder).rglob("*.parquet"):
        table = pq.read_table(file, columns=["request", "row"])
        pairs = zip(*(column.to_pylist() for column in table.columns), strict=True)
        rows.update((str(request), int(row)) for request, row in pairs)
    return rows


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.nightly)])
def test_what_two_hosts_acknowledged_is_there_once(
    says: dict[str, list[float]], tmp_path: Path, bucket: str, kills: int
) -> None:
    """SIGKILL at random, of either; each is started again, and stopped at the end."""
    ship = f"{bucket}/record-{kills}"
    clients = [Client("north"), Client("south")]
    lives = [[random.SystemRandom().uniform(0.1, 3) for _ in range(kills)[i::2]] for i in (0, 1)]

    def host(client: Client, seconds: list[float]) -> None:
        for life in [*seconds, None]:
            live(tmp_path / client.host, ship, client, life)

    hosts = [threading.Thread(target=host, args=each) for each in zip(clients, lives, strict=True)]
    for thread in hosts:
        thread.start()
    for thread in hosts:
        thread.join()
    log = live_traffic.fetch_log(ship)
    rows = counted(log, prediction_log.PREDICTIONS)
    answered = [name for client in clients for name in client.answered]
    assert len(answered) > 100
    assert [name for name in answered if (rows[name, 0], rows[name, 1]) != (1, 1)] == []
    assert max(rows.values()) == 1
    outcomes = counted(log, prediction_log.GROUND_TRUTH)
    acknowledged = [name for client in clients for name in client.outcomes]
    assert acknowledged
    assert [name for name in acknowledged if outcomes[name, 1] != 1] == []
    assert max(outcomes.values()) == 1
    assert len(prediction_log.read(log, f"{NAME}-1")) == sum(rows.values())
    local = [counted(tmp_path / client.host, prediction_log.PREDICTIONS) for client in clients]
    assert rows == sum(local, Counter())


def test_a_store_that_refuses_holds_nothing_up(
    says: dict[str, list[float]], tmp_path: Path
) -> None:
    """The service answers, /health and /metrics say what waits; it is shipped when it can be."""
    store = tmp_path / "store"
    store.write_text("in the way")
    with services.serving(tmp_path / "record", ship=f"file://{store}/log") as running:
        assert running.post().status_code == 200
        services.until(lambda: running.get("/health").json()["ship"] != "ok")
        assert running.get("/health").json()["status"] == "troubled"
        services.until(lambda: "longhaul_unshipped_files 1.0" in running.get("/metrics").text)
        assert running.post().status_code == 200
        store.unlink()
        services.until(lambda: running.get("/health").json()["ship"] == "ok")
        services.until(lambda: "longhaul_unshipped_files 0.0" in running.get("/metrics").text)
        services.until(lambda: len(counted(store / "log", prediction_log.PREDICTIONS)) == 4)
