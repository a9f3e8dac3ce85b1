"""What tests of stages share: models, in a store for a whole module, and a champion to copy."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from longhaul.plots import style
from longhaul.tracking import logged_models
from tests import monitored_model, packages, plain_pictures, stores, tables


@pytest.fixture(scope="session")
def with_champion(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with a champion, to be copied: fitting one takes a second."""
    folder = tmp_path_factory.mktemp("champion")
    with stores.use(folder, empty_store):
        monitored_model.champion(folder)
    return folder


@pytest.fixture
def home(with_champion: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder for tables, with a champion in the store."""
    with stores.use_copy(tmp_path, with_champion):
        yield tmp_path


@pytest.fixture(autouse=True)
def pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw pictures as they come."""
    monkeypatch.setattr(style, "canvas", plain_pictures.canvas)


@pytest.fixture(scope="module")
def linear(shared: Path) -> str:
    """The URI of a model that is good at the table of customers."""
    return _log(shared, "linear")


@pytest.fixture(scope="module")
def lightgbm(shared: Path) -> str:
    """The URI of a model that is less good at it."""
    return _log(shared, "lightgbm")


def _log(folder: Path, family: str) -> str:
    with mlflow.start_run():
        return logged_models.log(packages.fit(folder, family).package, tables.churn(2))
