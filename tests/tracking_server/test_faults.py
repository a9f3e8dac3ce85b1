"""What a life cycle survives: servers killed, a database gone, a bad network, a full disk."""

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mlflow
import psutil
import pytest
import requests

from longhaul.registry import promotion
from tests import lifecycles, tables
from tests.lifecycles import REPOSITORY
from tests.ports import free_port
from tests.postgres import Postgres
from tests.tracking_server import lives, servers
from tests.tracking_server.network import Network, unreliable
from tests.tracking_server.servers import Tracking

pytestmark = [pytest.mark.slow, pytest.mark.server]
AWAY = 5.0  # seconds that a server is gone


def main(home: Path, who: dict[str, str], **settings: object) -> "subprocess.Popen[str]":
    """Start a small life cycle as a user."""
    return lifecycles.start(home, str(REPOSITORY), who=who, **{**lives.SMALL, **settings})


def finished(process: "subprocess.Popen[str]") -> str:
    """Wait for a life cycle that must end well; what it printed."""
    printed, _ = process.communicate(timeout=lifecycles.SECONDS)
    assert process.returncode == 0, printed
    return printed


def trials(seed: int) -> list[str]:
    """The numbers of the trials of a search."""
    client = mlflow.MlflowClient()
    searches = client.search_runs(
        ["0"], f"params.seed = '{seed}' and tags.`mlflow.project.entryPoint` = 'tune'"
    )
    return sorted(
        run.data.tags["longhaul.trial"]
        for search in searches
        for run in client.search_runs(["0"], f"tags.`mlflow.parentRunId` = '{search.info.run_id}'")
        if run.info.status == "FINISHED"
    )


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder in which nothing has run; its model, brief, has one month in production."""
    home = lifecycles.home(tmp_path_factory.mktemp("brief"), brief=True)
    problem = home / "brief.yaml"
    problem.write_text((home / "churn.yaml").read_text().replace("name: churn", "name: brief"))
    return home


@pytest.mark.nightly
def test_the_server_is_killed_in_the_middle_of_main(server: Tracking, brief: Path) -> None:
    """While it tunes; started again, the life cycle goes on as if nothing had happened.

    `test_the_server_is_killed_in_the_middle_of_a_cycle` is the shorter one.
    """
    settings = {"problem": "brief.yaml", "seed": 11, "trials": 6, "families": "lightgbm"}
    with server.as_user("kim"):
        process = main(brief, server.who("kim"), **settings)
        lives.until(lambda: len(trials(11)) >= 2)
        server.kill()
        time.sleep(AWAY)
        server.start()
        finished(process)
        assert trials(11) == sorted(str(number) for number in range(6))
        lives.check("brief")


def test_the_server_is_killed_in_the_middle_of_a_cycle(server: Tracking, home: Path) -> None:
    """While it monitors; the record says the same as before."""
    with server.as_user("kim"):
        before = lives.told()
        cycle = {"problem": "churn.yaml", "period": "2020-09", "use_cache": "false"}
        who = server.who("kim")
        process = lifecycles.start(home, str(REPOSITORY), "cycle", who=who, **cycle)
        lives.until(lambda: lives.seen("score 2020-09"))
        server.kill()
        time.sleep(AWAY)
        server.start()
        finished(process)
        assert lives.told() == before
        lives.check()


@pytest.mark.nightly
def test_the_database_is_restarted(server: Tracking, database: Postgres, home: Path) -> None:
    """With all connections broken, in the middle of main."""
    with server.as_user("kim"):
        process = main(home, server.who("kim"), seed=12, trials=6, families="lightgbm")
        lives.until(lambda: len(trials(12)) >= 2)
        database.stop("immediate")
        time.sleep(AWAY)
        database.start()
        finished(process)
        assert trials(12) == sorted(str(number) for number in range(6))
        lives.check()


def through(server: Tracking, network: Network) -> dict[str, str]:
    """Who a user is, behind a bad network, and without much patience."""
    return {
        **server.who("kim"),
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{network.port}",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "3",
    }


# In MLflow's words, or in a stage's: that the server could not be asked.
LOST = "API request to|cannot fetch this artifact|its answer was lost"


def test_a_network_that_stalls_and_breaks_off(server: Tracking, home: Path) -> None:
    """Answers too late or never, to requests that were carried out: a cycle.

    MLflow asks again for most, but not for all: then it fails, and run again, it ends.
    """
    cycle = {"problem": "churn.yaml", "period": "2020-09", "use_cache": "false"}
    with server.as_user("kim"):
        before = lives.told()
        with unreliable(server.settings.port, 0, False) as network:
            until_it_ends(home, "cycle", through(server, network), **cycle)
            assert network.stalled + network.broken >= 2
        assert lives.told() == before
        lives.check()


@pytest.mark.nightly
def test_a_life_on_a_network_that_stalls_and_breaks_off(server: Tracking, brief: Path) -> None:
    """From the first step on; `test_a_network_that_stalls_and_breaks_off` is the shorter one."""
    endure(server, brief, "brief", False, 13)


@pytest.mark.nightly
def test_a_network_that_breaks_off_in_the_middle_of_answers(server: Tracking, home: Path) -> None:
    """Some are cut off; `test_a_network_that_stalls_and_breaks_off` loses whole ones."""
    endure(server, home, "churn", True, 15)


def endure(server: Tracking, home: Path, name: str, midway: bool, seed: int) -> None:
    """Run a life on a bad network until it ends well."""
    given = {**lives.SMALL, "problem": f"{name}.yaml", "seed": seed}
    with server.as_user("kim"), unreliable(server.settings.port, 0, midway) as network:
        until_it_ends(home, "main", through(server, network), **given)
        assert network.stalled + network.broken >= (1 if midway else 6)
        lives.check(name)


def until_it_ends(home: Path, entry_point: str, who: dict[str, str], **given: object) -> None:
    """Run a step again and again, until its end is a good one; it says that the network is bad."""
    for _ in range(10):
        process = lifecycles.start(home, str(REPOSITORY), entry_point, who=who, **given)
        printed, _ = process.communicate(timeout=lifecycles.SECONDS)
        if process.returncode == 0:
            return
        assert re.search(LOST, printed), printed
    raise AssertionError(printed)


@contextlib.contextmanager
def full_disk(server: Tracking) -> Iterator[dict[str, str]]:
    """A server that can keep no file of more than a page, for a user without much patience."""
    processes = [psutil.Process(server.server.pid)]
    processes += processes[0].children(recursive=True)
    for one in processes:
        resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    yield {**server.who("kim"), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
    for one in processes:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(one.pid, resource.RLIMIT_FSIZE, unlimited)


@pytest.mark.nightly
def test_a_full_artifact_disk(server: Tracking, home: Path) -> None:
    """One clear line, nothing half-written in use; with room again, the cycle goes on."""
    cycle = {"problem": "churn.yaml", "period": "2020-09", "use_cache": "false"}
    with server.as_user("kim"):
        before = lives.told()
        with full_disk(server) as who:
            process = lifecycles.start(home, str(REPOSITORY), "cycle", who=who, **cycle)
            printed, _ = process.communicate(timeout=lifecycles.SECONDS)
        assert process.returncode != 0
        assert "its artifact store may be full or gone" in printed, printed
        assert "Traceback" not in printed.partition("error: cycle")[0]
        failed, *_ = mlflow.MlflowClient().search_runs(
            ["0"], "tags.`mlflow.project.entryPoint` = 'cycle'", order_by=["start_time DESC"]
        )
        assert failed.info.status == "FAILED"
        assert "RUNNING" not in {run.info.status for run in lifecycles.children(failed).values()}
        assert lives.told() == before
        lifecycles.run(home, str(REPOSITORY), "cycle", who=server.who("kim"), **cycle)
        assert lives.told() == before
        lives.check()


@pytest.mark.nightly
def test_an_artifact_disk_that_is_full_from_the_start(server: Tracking, brief: Path) -> None:
    """Of a whole life; `test_a_full_artifact_disk` is the shorter one."""
    settings = {"problem": "brief.yaml", "seed": 14}
    with server.as_user("kim"):
        with full_disk(server) as who:
            process = main(brief, who, **settings)
            printed, _ = process.communicate(timeout=lifecycles.SECONDS)
        assert process.returncode != 0
        assert "its artifact store may be full or gone" in printed, printed
        assert "Traceback" not in printed.partition("error: main")[0]
        parent, *_ = lifecycles.parents()
        assert parent.info.status == "FAILED"
        assert "RUNNING" not in {run.info.status for run in lifecycles.children(parent).values()}
        finished(main(brief, server.who("kim"), **settings))
        lives.check("brief")


WRITERS, RUNS = 10, 4
# Forks of a process that has imported MLflow.
WRITING = f"""
import os
import mlflow

def write():
    for number in range({RUNS}):
        with mlflow.start_run(run_name="writer"):
            mlflow.log_params({{"number": number}})
            for step in range(5):
                mlflow.log_metrics({{"a": step, "b": number}}, step=step)
            mlflow.log_text("x" * 1000, "x.txt")

def begin():
    child = os.fork()
    if not child:
        code = 1
        try:
            write()
            code = 0
        finally:
            os._exit(code)
    return child

children = [begin() for _ in range({WRITERS})]
assert [os.waitpid(child, 0)[1] for child in children] == [0] * {WRITERS}
"""


@pytest.mark.nightly
def test_two_life_cycles_and_ten_writers_at_once(server: Tracking, tmp_path: Path) -> None:
    """A model that has no champion yet: one wins, everything that was written is there.

    `test_two_at_once` in tests/steps/test_cycle.py is the shorter one.
    """
    home = lifecycles.home(tmp_path, brief=True)
    problem = home / "rush.yaml"
    problem.write_text((home / "churn.yaml").read_text().replace("name: churn", "name: rush"))
    who = server.who("kim")
    rush = [main(home, who, problem="rush.yaml", seed=seed) for seed in (21, 22)]
    environment = {**os.environ, **server.who("tom")}
    writing = [sys.executable, "-c", WRITING]
    writers = subprocess.Popen(writing, env=environment, stdout=subprocess.DEVNULL)
    assert writers.wait(lifecycles.SECONDS) == 0
    printed = [process.communicate(timeout=lifecycles.SECONDS)[0] for process in rush]
    codes = [process.returncode for process in rush]
    for code, text in zip(codes, printed, strict=True):
        # Who comes second may have to judge again against the new champion, and is told so.
        assert code == 0 or "as expected; nothing was changed" in text, text
    assert 0 in codes
    with server.as_user("kim") as client:
        lives.check("rush")
        written = client.search_runs(["0"], "attributes.run_name = 'writer'", max_results=1000)
        assert len(written) == RUNS * WRITERS
        assert {run.info.status for run in written} == {"FINISHED"}
        assert all(
            run.data.metrics == {"a": 4, "b": int(run.data.params["number"])} for run in written
        )
        assert promotion.champion("rush")
        assert mlflow.pyfunc.load_model("models:/rush@champion").predict(tables.churn(2)).size


@pytest.mark.parametrize(
    ("user", "password"),
    [("rosa", "sword/f@sh%"), pytest.param("ruth", "codfish", marks=pytest.mark.nightly)],
)
def test_the_password_of_the_database(
    database: Postgres, tmp_path: Path, user: str, password: str
) -> None:
    """A wrong one is one line when the server starts; neither is in any run, file or argument."""
    database.guard(user, "sword/f@sh%")
    address = database.database(user).replace("tester@", f"{user}:${{SECRET}}@")
    who = {"SECRET": password, "MLFLOW_AUTH_ADMIN_PASSWORD": servers.PASSWORD}
    port = free_port()
    settings = {"port": port, "database": address, "workers": 1}
    process = lifecycles.start(tmp_path, str(REPOSITORY), "server", who=who, stock=True, **settings)
    deadline = time.monotonic() + 600
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"http://127.0.0.1:{port}/health", timeout=5).ok:
                time.sleep(2)  # until the stage has seen it, too
                break
        time.sleep(0.2)
    arguments: list[str] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in psutil.Process(process.pid).children(recursive=True):
            arguments += one.cmdline()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    printed, _ = process.communicate(timeout=lifecycles.SECONDS)
    if user == "rosa":
        assert f"keeps runs in postgresql://{user}:***@127.0.0.1" in printed
        assert len(arguments) > 2
    else:
        assert "error: server: database: the database refuses: " in printed
        assert "password authentication failed" in printed
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert password not in printed + "".join(arguments)
    assert not [content for content in kept if password.encode() in content]
