"""What tests of the tracking server share: one on PostgreSQL, in which a model lives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import lifecycles, postgres
from tests.lifecycles import REPOSITORY
from tests.postgres import Postgres
from tests.tracking_server import lives, servers
from tests.tracking_server.servers import Tracking


@pytest.fixture(scope="package")
def database() -> Iterator[Postgres]:
    """A PostgreSQL."""
    with postgres.running() as one:
        yield one


@pytest.fixture(scope="package")
def server(database: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    """A tracking server on it."""
    folder = tmp_path_factory.mktemp("server")
    with servers.tracking(folder, database.database("longhaul")) as one:
        yield one


@pytest.fixture(scope="package")
def home(server: Tracking, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder in which a life cycle has run, by a user who may promote."""
    home = lifecycles.home(tmp_path_factory.mktemp("life"))
    lifecycles.run(home, str(REPOSITORY), who=server.who("kim"), **lives.SMALL)
    return home
