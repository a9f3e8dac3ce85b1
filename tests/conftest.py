"""What tests of several folders share: workers, the end of what is left, and tracking stores."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from tests import leftovers, receivers, stores
from tests.receivers import Receiver

WORKERS = 2
# Files whose tests have nothing expensive in common: each test may run in another worker.
SEPARATE = {
    "engines/test_cluster.py",
    "engines/test_stages.py",
    "steps/test_cycle.py",
    "test_any_table.py",
    "test_elsewhere.py",
}
# What shares more than a file: a tracking server with a life on it, a session of Spark.
TOGETHER = {
    "tracking_server/test_life.py": "a life on a server",
    "tracking_server/test_faults.py": "a life on a server",
    "engines/": "Spark",
}
# What takes longest begins first, so that no worker is left with it at the end.
LONGEST = (
    "tracking_server/test_life.py",
    "tracking_server/test_faults.py",
    "engines/test_stages.py",
    "engines/",
    "test_main.py",
    "test_any_table.py",
    "test_elsewhere.py",
    "steps/test_cycle.py",
    "steps/test_monitor.py",
    "evaluation/test_comparison.py",
    "monitoring/test_false_alarms.py",
    "serving/",
    "tracking_server/",
    "pipeline/",
    "steps/",
    "tracking/",
    "training/",
    "estimators/",
)

hypothesis.settings.register_profile(
    "tests",
    deadline=None,  # a busy machine is no mistake of a test
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    """End what killed sessions have left; what is written here need not reach a disk.

    What is started here hears Ctrl-C, which a shell lets its commands in the background ignore.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    stores.do_not_sync()
    config.stash[OWN] = leftovers.begin()
    if config.stash[OWN]:
        leftovers.end()


OWN = pytest.StashKey[bool]()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what this session leaves."""
    if config.stash.get(OWN, False):
        leftovers.end(os.environ.pop(leftovers.NAME))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Let two workers run all tests, where nobody says otherwise; one file needs no worker."""
    if hasattr(config, "workerinput") or "PYTEST_XDIST_WORKER" in os.environ:
        return  # a worker that started workers would never end
    everything = config.args_source == config.ArgsSource.TESTPATHS
    options = config.option
    if everything and getattr(options, "numprocesses", 0) is None and not options.collectonly:
        options.numprocesses, options.dist = WORKERS, "loadgroup"
    options.loadscopereorder = False  # the order is that of `LONGEST`


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=_rank)


class Units(LoadScopeScheduling):  # type: ignore[misc]
    """Give a worker all tests that share something expensive, which it sets up once.

    Not by xdist's own groups: it writes them into the ids of tests, where this pytest does not
    look for them any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0].removeprefix("tests/")
        if any(file.endswith(alone) for alone in SEPARATE):
            return nodeid
        return next((unit for place, unit in TOGETHER.items() if file.startswith(place)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Take the units of this project for what xdist calls groups."""
    return Units(config, log) if config.getvalue("dist") == "loadgroup" else None


def _rank(item: pytest.Item) -> int:
    """Find out how early a test is to begin."""
    path = item.path.relative_to(Path(__file__).parent).as_posix()
    places = (place for place, prefix in enumerate(LONGEST) if path.startswith(prefix))
    return next(places, len(LONGEST))


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a tracking store with no runs, to be copied."""
    return stores.template(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def tracking(empty_store: Path, tmp_path: Path) -> Iterator[str]:
    """The URI of a store for one test."""
    with stores.use(tmp_path, empty_store) as uri:
        yield uri


@pytest.fixture(scope="module")
def shared(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a store for all tests of a module."""
    folder = tmp_path_factory.mktemp("store")
    with stores.use(folder, empty_store):
        yield folder


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver of the alerts that a test sends."""
    with receivers.http() as opened:
        monkeypatch.setenv("LONGHAUL_WEBHOOK", opened.address)
        yield opened
