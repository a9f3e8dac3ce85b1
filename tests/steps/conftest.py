"""What tests of stages share: models, in a store for a whole module."""

from pathlib import Path

import mlflow
import pytest

from longhaul.tracking import logged_models
from tests import packages, tables


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
