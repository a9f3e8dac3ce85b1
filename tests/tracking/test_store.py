"""A tracking URI means the same store in every process of a life cycle."""

from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from longhaul.tracking import store


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sqlite:///mlflow.db", "sqlite:////home/me/mlflow.db"),
        ("sqlite:///../mlflow.db", "sqlite:////home/me/../mlflow.db"),
        ("sqlite:////data/mlflow.db", "sqlite:////data/mlflow.db"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("postgresql://me@db/mlflow", "postgresql://me@db/mlflow"),
        ("databricks", "databricks"),
    ],
)
def test_relative_files_start_at_the_caller(uri: str, expected: str) -> None:
    """Relative SQLite files get the caller's folder; every other address stays as it is."""
    assert expected == store.absolute_uri(uri, Path("/home/me"))


@pytest.mark.parametrize("uri", ["mlruns", "./mlruns", "/data/mlruns"])
def test_folders_are_absolute(uri: str) -> None:
    """A folder store is absolute too."""
    assert Path(store.absolute_uri(uri, Path("/home/me"))).is_absolute()
    assert store.absolute_uri(
        store.absolute_uri(uri, Path("/a")), Path("/b")
    ) == store.absolute_uri(uri, Path("/a"))


def test_the_environment_is_fixed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What this process and its children read is the absolute address; none stays none."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    store.fix_tracking_uri(tmp_path)
    assert f"sqlite:///{tmp_path}/mlflow.db" == store.os.environ["MLFLOW_TRACKING_URI"]
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    store.fix_tracking_uri(tmp_path)
    assert "MLFLOW_TRACKING_URI" not in store.os.environ


def test_half_an_answer_is_asked_for_again() -> None:
    """Once; whatever else goes wrong is said at once."""
    asked = []

    def answer(name: str) -> str:
        asked.append(name)
        if len(asked) == 1:
            raise MlflowException("Connection broken: IncompleteRead(0 bytes read, 10 more)")
        return name

    assert store.retry(answer, "run") == "run"
    assert asked == ["run", "run"]

    def refuse() -> None:
        asked.append("refused")
        raise MlflowException("PERMISSION_DENIED")

    with pytest.raises(MlflowException, match="PERMISSION_DENIED"):
        store.retry(refuse)
    assert asked.count("refused") == 1
