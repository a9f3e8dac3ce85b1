"""What these tests share: one small package."""

import pytest

from longhaul.model.package import Package
from tests import packages


@pytest.fixture(scope="package")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return packages.fit(tmp_path_factory.mktemp("package")).package
