"""Artifacts come from where they are, and are logged whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow.utils.file_utils import local_file_uri_to_path

from longhaul.errors import LonghaulError
from longhaul.tracking import artifacts, logged_models
from tests import packages, tables


def test_a_local_artifact_is_read_in_place(tracking: str) -> None:
    """What lies on this machine is not copied first."""
    with mlflow.start_run() as run:
        mlflow.log_text("tea", "cup/tea.txt")
    path = artifacts.fetch(f"runs:/{run.info.run_id}/cup")
    assert path.is_relative_to(local_file_uri_to_path(run.info.artifact_uri))
    assert (path / "tea.txt").read_text() == "tea"


@pytest.mark.parametrize(
    "uri", ["runs:/0123456789abcdef0123456789abcdef/table", "models:/none/1", "/no/where", "x:/y"]
)
def test_what_is_not_there_is_named(tracking: str, uri: str) -> None:
    """One line, with the URI."""
    with pytest.raises(LonghaulError, match=f"^{uri}: ") as caught:
        artifacts.fetch(uri)
    assert "\n" not in str(caught.value)


def test_a_folder_is_logged_when_it_is_whole(tracking: str) -> None:
    """A block that fails half-way leaves nothing behind."""

    def fail() -> None:
        with artifacts.log_folder("half") as folder:
            (folder / "b.txt").write_text("b")
            raise RuntimeError("cut off")

    with mlflow.start_run() as run:
        with artifacts.log_folder("whole") as folder:
            (folder / "a.txt").write_text("a")
        with pytest.raises(RuntimeError):
            fail()
    logged = [one.path for one in mlflow.MlflowClient().list_artifacts(run.info.run_id)]
    assert logged == ["whole"]
    assert not folder.exists()


def test_what_is_no_json_is_said(tracking: str, tmp_path: Path) -> None:
    """The URI and the reason."""
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(LonghaulError, match=r"x\.json: not a JSON document"):
        artifacts.read_json(str(tmp_path / "x.json"))


@pytest.mark.slow
def test_a_copy_goes_with_the_process(tracking: str, tmp_path: Path) -> None:
    """What has to be copied from a store is not left behind."""
    with mlflow.start_run():
        uri = logged_models.log(packages.fit(tmp_path).package, tables.churn(2))
    mlflow.register_model(uri, "churn")
    (tmp_path / "scratch").mkdir()
    script = "from longhaul.tracking import artifacts; print(artifacts.fetch('models:/churn/1'))"
    copied = subprocess.check_output(
        [sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(tmp_path / "scratch")},
        cwd=Path(__file__).parents[2],
        text=True,
    ).strip()
    assert Path(copied).is_relative_to(tmp_path)
    assert list((tmp_path / "scratch").iterdir()) == []
