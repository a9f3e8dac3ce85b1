"""What tests of the service share: a registered model with two versions."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from prometheus_client import values

from tests import stores
from tests.serving import metric_names, services


class Versions(NamedTuple):
    """The folder of a store with both versions, and what each says of the rows."""

    folder: Path
    says: dict[str, list[float]]


@pytest.fixture(scope="session")
def versions(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """A store to be copied: fitting and registering takes seconds."""
    folder = tmp_path_factory.mktemp("versions")
    with stores.use(folder, empty_store):
        return Versions(folder, services.register(folder))


@pytest.fixture(scope="module")
def shared(versions: Versions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a store with both versions, for all tests of a module."""
    folder = tmp_path_factory.mktemp("store")
    with stores.use_copy(folder, versions.folder):
        yield folder


@pytest.fixture(scope="module")
def says(versions: Versions, shared: Path) -> dict[str, list[float]]:
    """The model in the store of a module: what each version says of the rows."""
    return versions.says


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, set[str]]:
    """Every series that service and watch export, with its labels."""
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)  # the service sets another
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return metric_names.exported()
