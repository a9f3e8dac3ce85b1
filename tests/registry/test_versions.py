"""Addresses of versions are understood, or refused in one line."""

import functools

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.registry import promotion, versions
from tests import registered

pytestmark = pytest.mark.usefixtures("shared")


def test_resolve_versions_and_aliases() -> None:
    """Both forms of a registered model's address are understood."""
    registered.model("address", 2)
    promotion.promote("address", "2", "first")
    assert versions.resolve("models:/address/1") == ("address", "1")
    assert versions.resolve("models:/address@champion") == ("address", "2")


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("runs:/abc/model", "is neither models:/<name>/<version> nor models:/<name>@<alias>"),
        ("models:/address/latest", "is neither"),
        ("models:/m-0123456789", "is neither"),
        ("models:/nobody/1", "no such version"),
        ("models:/nobody@champion", "has no alias 'champion'; it has none"),
    ],
)
def test_resolve_refuses_the_rest(uri: str, message: str) -> None:
    """In one line, with what would be understood."""
    with pytest.raises(LonghaulError, match=message):
        versions.resolve(uri)


def test_every_version_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are; none of a model that is not there."""
    registered.model("many", 3)
    search = mlflow.MlflowClient.search_model_versions
    few = functools.partialmethod(search, max_results=2)
    monkeypatch.setattr(mlflow.MlflowClient, "search_model_versions", few)
    assert sorted(str(one.version) for one in versions.all_versions("many")) == ["1", "2", "3"]
    assert list(versions.all_versions("nobody")) == []
