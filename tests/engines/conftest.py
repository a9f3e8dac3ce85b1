"""A real Spark session on two of this machine's processors, and a table in two forms."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from longhaul.data import parquet
from longhaul.engines.spark import session as sessions
from longhaul.model import predictions
from longhaul.model.predictions import Provenance
from tests.monitoring import monitored
from tests.tables import churn

DAEMON = Path(__file__).parent / "daemon"
# A Java machine that lives for a minute is not worth optimising for; nobody looks at its pages.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SETTINGS = {
    "spark.driver.extraJavaOptions": JAVA,
    "spark.executor.extraJavaOptions": JAVA,
    "spark.python.daemon.module": "imported",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.ui.enabled": "false",
}
ASKING = """
from longhaul.engines.spark.session import session
from longhaul.errors import LonghaulError
try:
    with session("tests") as spark: spark.range(3).count()
except LonghaulError as error: print("said:", error)
"""
ORIGIN = Provenance("2020-07", "churn", "1", datetime(2020, 8, 1, tzinfo=UTC))


class Session:
    """The one Spark session of this process, which lasts until another kind is needed."""

    def __init__(self) -> None:
        self._models: bool | None = None
        self._open = ExitStack()
        self._spark: Any = None

    def get(self, models: bool) -> Any:
        """Give a session whose workers load models, or one whose workers do not."""
        if self._models is not models:
            self.close()
            patch = self._open.enter_context(pytest.MonkeyPatch.context())
            patch.setenv(sessions.MASTER, "local[2]")
            self._spark = self._open.enter_context(sessions.session("tests", models=models))
            self._models = models
        return self._spark

    def close(self) -> None:
        """End it: a stage that runs in this process starts its own."""
        self._models = None
        self._open.close()


@pytest.fixture(scope="session")
def session() -> Iterator[Session]:
    """What starts and ends Spark here."""
    only = Session()
    yield only
    only.close()


def configure(folder: Path, **more: str) -> dict[str, str]:
    """Write Spark's settings into a folder; the environment that leads to them."""
    lines = [f"{name} {value}" for name, value in (SETTINGS | more).items()]
    (folder / "spark-defaults.conf").write_text("\n".join(lines))
    path = [str(DAEMON), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"SPARK_CONF_DIR": str(folder), "PYTHONPATH": os.pathsep.join(path)}


@pytest.fixture(scope="session", autouse=True)
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let Spark start fast, in all processes that these tests start."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in configure(tmp_path_factory.mktemp("spark")).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def unanswered(
    request: pytest.FixtureRequest, settings: None
) -> Iterator["subprocess.Popen[str] | None"]:
    """A process that asks a cluster that is not there; None where no test wants to know.

    Spark asks for a minute, so it begins with the first session, and other tests go on meanwhile.
    """
    if not any(item.name == "test_no_master_there" for item in request.session.items):
        yield None
        return
    where = {"SPARK_LOCAL_IP": "127.0.0.1", sessions.MASTER: "spark://127.0.0.1:9"}
    process = subprocess.Popen(
        [sys.executable, "-c", ASKING],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, **where},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.wait()


@pytest.fixture(autouse=True)
def master(
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    session: Session,
    settings: None,
) -> None:
    """What stages are told; without Java, there is nothing to test."""
    if shutil.which("java") is None:
        pytest.skip("no java is installed: Spark is not tested")
    if "spark" not in request.fixturenames:
        session.close()
    monkeypatch.setenv(sessions.MASTER, "local[2]")


@pytest.fixture
def spark(
    request: pytest.FixtureRequest, session: Session, master: None, unanswered: object
) -> Any:
    """A session for tests that need no stage: the same one for as long as it will do."""
    return session.get(models=request.module.__name__.endswith("scoring"))


def split(file: Path, parts: int) -> None:
    """Make a file of a table a folder of parts, as Spark writes it."""
    whole = pq.read_table(file)
    file.unlink()
    file.mkdir()
    size = -(-whole.num_rows // parts)
    for number in range(parts):
        pq.write_table(whole.slice(number * size, size), file / f"part-{number:05d}.parquet")


@pytest.fixture(scope="module")
def july(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A period with gaps, new categories, unknown outcomes and a foreign column."""
    frame = churn(rows_per_month=4000, seed=3)
    frame = frame[frame["day"].dt.strftime("%Y-%m") == "2020-07"].reset_index(drop=True)
    frame.loc[::7, "calls"] = np.nan
    frame.loc[::11, "plan"] = "new"
    frame.loc[::5, "churned"] = None
    file = tmp_path_factory.mktemp("july") / "2020-07.parquet"
    parquet.write(frame.assign(extra=1.5), file)
    return file


@pytest.fixture(scope="module")
def local(july: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its predictions, by this machine's own engine."""
    file = tmp_path_factory.mktemp("local") / "2020-07.parquet"
    predictor = monitored.fitted().package.predictor
    predictions.write(july, file, predictor, monitored.problem(), ORIGIN, batch_rows=999)
    return file


def copy(file: Path, folder: Path, parts: int) -> Path:
    """The file in so many parts; 0 is one file."""
    target = folder / file.name
    target.write_bytes(file.read_bytes())
    if parts:
        split(target, parts)
    return target
