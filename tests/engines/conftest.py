"""A real Spark session on two of this machine's processors, and a table in two forms."""

import shutil
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


@pytest.fixture(autouse=True)
def master(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, session: Session
) -> None:
    """What stages are told; without Java, there is nothing to test."""
    if shutil.which("java") is None:
        pytest.skip("no java is installed: Spark is not tested")
    if "spark" not in request.fixturenames:
        session.close()
    monkeypatch.setenv(sessions.MASTER, "local[2]")


@pytest.fixture
def spark(request: pytest.FixtureRequest, session: Session, master: None) -> Any:
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
