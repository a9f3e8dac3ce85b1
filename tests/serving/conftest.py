"""What tests of the service share: a registered model with two versions."""

from pathlib import Path

import pytest

from tests.serving import services


@pytest.fixture(scope="module")
def says(shared: Path) -> dict[str, list[float]]:
    """The model in the store of a module: what each version says of the rows."""
    return services.register(shared)
