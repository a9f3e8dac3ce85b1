"""Services for tests: real ones, on a registered model with two versions."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import pandas as pd
import psutil
import requests

from longhaul import process
from longhaul.pipeline import warm_backend
from longhaul.registry import promotion
from longhaul.smoke_test import server
from longhaul.tracking import logged_models
from tests import packages, tables

NAME = "churn"
REPOSITORY = Path(__file__).resolve().parents[2]
ROWS = [
    {"day": "2020-08-01T10:30:00", "calls": 9, "plan": "basic", "age": 30.0},
    {"day": "2020-08-02T23:15:00", "calls": 0, "plan": "plus", "age": None},
]
BODY = json.dumps({"dataframe_records": ROWS}).encode()
FAMILIES = {"1": "lightgbm", "2": "linear"}


class Running(NamedTuple):
    """A service that answers."""

    address: str
    record: Path

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def post(self, body: bytes = BODY, path: str = "/invocations", **headers: str) -> Any:
        """Send JSON, or what the headers say; underscores in their names are dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Content-Type": "application/json", **named}
        return requests.post(self.address + path, body, headers=named, timeout=300)

    def get(self, path: str, **headers: str) -> Any:
        return requests.get(self.address + path, headers=headers, timeout=300)

    def supervisor(self) -> psutil.Process:
        """The process whose workers answer."""
        named = (one for one in psutil.Process().children() if "longhaul.serving" in one.cmdline())
        return next(one for one in named if str(self.port) in one.cmdline())

    def workers(self) -> list[psutil.Process]:
        """Those of its processes that answer."""
        servers = filter(_is_fork_server, self.supervisor().children())
        return [worker for fork_server in servers for worker in fork_server.children()]


def _is_fork_server(started: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "multiprocessing.forkserver" in " ".join(started.cmdline())
    return False


def register(folder: Path) -> dict[str, list[float]]:
    """Version 1 is champion, 2 challenger; what each says of `ROWS`."""
    says = {}
    for version, family in FAMILIES.items():
        package = packages.fit(folder, family).package
        with mlflow.start_run():
            uri = logged_models.log(package, tables.churn(3).drop(columns=["customer", "churned"]))
        assert promotion.register(NAME, uri, {}, "") == version
        says[version] = package.predictor.scores(pd.DataFrame(ROWS)).tolist()
    promotion.promote(NAME, "1", "the first")
    assert says["1"] != says["2"]
    return says


def champion(version: str) -> None:
    """Let the alias point at a version, whatever the ledger says."""
    mlflow.MlflowClient().set_registered_model_alias(NAME, "champion", version)


@contextmanager
def serving(
    record: Path, model: str = f"models:/{NAME}@champion", fresh: bool = False, **settings: Any
) -> Iterator[Running]:
    """A service as a process of its own; it looks at the alias ten times a second.

    All of a session are forked by one server, as `deploy` does it, but for a `fresh` one: that is
    a new Python, with a fork server of its own.
    """
    warm_backend.register(REPOSITORY)
    quick = {"poll_seconds": 0.1, "compact_seconds": 1.0, **settings}
    document = json.dumps({"model": model, "record": str(record), **quick})
    begin = process.start_module if fresh else process.fork_module

    def start(address: Sequence[str], log: Path) -> process.Server:
        return begin("longhaul.serving", [document, *address], REPOSITORY, log)

    with server.run_server(start) as service:
        yield Running(service.address, record)


def until(holds: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait for something that has to come true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def answers(running: Running) -> bool:
    """Whether it is ready by now."""
    with contextlib.suppress(requests.RequestException):
        return bool(running.get("/ready").ok)
    return False


def alive(started: psutil.Process) -> bool:
    """Whether a process runs; one that ended and nobody waited for does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return started.is_running() and started.status() != psutil.STATUS_ZOMBIE
    return False
