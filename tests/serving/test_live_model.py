"""The alias is followed between requests; what cannot be served is refused and tried again."""

import time
from pathlib import Path

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.serving import live_model, metrics
from longhaul.serving.live_model import LiveModel
from longhaul.serving.metrics import ServiceMetrics
from tests.serving import services
from tests.serving.services import NAME


@pytest.fixture
def follow(says: dict[str, list[float]], tmp_path: Path) -> LiveModel:
    """What the champion's alias points at: version 1."""
    services.champion("1")
    metrics.share_folder(tmp_path / "metrics")
    (tmp_path / "shelf").mkdir()
    return LiveModel(f"models:/{NAME}@champion", tmp_path / "shelf", ServiceMetrics())


def version(follow: LiveModel) -> str:
    return follow.current.model_uri.version


def test_follows(follow: LiveModel) -> None:
    """A look finds the version that the alias points at, and loads it once."""
    first = follow.current
    follow.refresh()
    assert first is follow.current
    services.champion("2")
    assert version(follow) == "1"
    follow.refresh()
    assert version(follow) == "2"
    services.champion("1")
    follow.refresh()
    assert version(follow) == "1"


def test_refuses_and_tries_again(follow: LiveModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version without files stays out, is tried ever less often, and forgotten when it goes."""
    client = mlflow.MlflowClient()
    run = client.get_model_version(NAME, "1").run_id
    bad = client.create_model_version(NAME, "file:///nowhere", run).version
    services.champion(bad)
    follow.refresh()
    follow.refresh()
    assert follow.rejected
    assert (version(follow), follow.rejected.attempts) == ("1", 1)
    assert "not a model of Longhaul" in follow.rejected.reason
    assert not [path.name for path in follow.cache_dir.iterdir() if path.name == f"{NAME}-{bad}"]
    later = time.monotonic() + 3600
    monkeypatch.setattr(live_model.time, "monotonic", lambda: later)
    follow.refresh()
    assert follow.rejected.attempts == 2
    assert follow.rejected.retry_at - later == 4
    services.champion("1")
    follow.refresh()
    assert follow.rejected is None


def test_registry_lost_and_found(follow: LiveModel, tracking: str) -> None:
    """While the registry knows nothing of the model, it goes on with the one it has."""
    follow.refresh()
    assert follow.registry_error
    assert version(follow) == "1"


def test_last_good_one(follow: LiveModel, tmp_path: Path) -> None:
    """One that starts where the alias points at nothing serves what was served last."""
    lost = LiveModel(f"models:/{NAME}@nobody", tmp_path / "shelf", follow.metrics)
    assert version(lost) == "1"
    (tmp_path / "empty").mkdir()
    with pytest.raises(LonghaulError, match="nobody"):
        LiveModel(f"models:/{NAME}@nobody", tmp_path / "empty", follow.metrics)
