"""What tests of stages share: one store for a whole module, since making one takes seconds."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from longhaul.tracking import models
from tests import packages, tables


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a tracking store that is in use by this process."""
    folder = tmp_path_factory.mktemp("store")
    uri, before = f"sqlite:///{folder}/mlflow.db", mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        mlflow.set_tracking_uri(uri)
        mlflow.create_experiment("shared", artifact_location=f"file://{folder}/artifacts")
        mlflow.set_experiment("shared")
        yield folder
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def logistic(shared: Path) -> str:
    """The URI of a model that is good at the table of customers."""
    return _log(shared, "logistic")


@pytest.fixture(scope="module")
def lightgbm(shared: Path) -> str:
    """The URI of a model that is less good at it."""
    return _log(shared, "lightgbm")


def _log(folder: Path, family: str) -> str:
    with mlflow.start_run():
        return models.log(packages.fit(folder, family).package, tables.churn(2))
