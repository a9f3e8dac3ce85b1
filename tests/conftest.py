"""What tests of several folders share: tracking stores of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import stores


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
