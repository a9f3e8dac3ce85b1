"""The manifest of a run: whether its artifacts, and its models, are still as they were."""

import shutil
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Run

from longhaul.errors import LonghaulError
from longhaul.registry import promotion, versions
from longhaul.tracking import artifacts, logged_models, manifest
from tests import packages, tables


@pytest.fixture
def noted(tracking: str) -> Run:
    """A run with a table of two files and a text, and its manifest."""
    with mlflow.start_run() as run:
        with artifacts.log_folder("table") as folder:
            (folder / "a.parquet").write_bytes(b"a" * 100_000)
            (folder / "b.parquet").write_bytes(b"b" * 100)
        mlflow.log_text("hello", "word.txt")
        mlflow.set_tags(manifest.take(mlflow.get_run(run.info.run_id)))
    return mlflow.get_run(run.info.run_id)


def place(run: Run) -> Path:
    """The folder of a run's artifacts."""
    return Path(run.info.artifact_uri.removeprefix("file://"))


def local(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the store where it is: on this machine."""


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store be one that has to be asked for each folder."""
    monkeypatch.setattr(manifest.mlflow_internals, "local_path", lambda uri: None)


STORES = pytest.mark.parametrize("where", [local, elsewhere])


@STORES
@pytest.mark.parametrize(
    ("harm", "damage"),
    [
        (lambda root: (root / "table" / "b.parquet").unlink(), "table has 1 of 2 files"),
        (
            lambda root: (root / "table" / "a.parquet").write_bytes(b"a" * 9),
            "table has 109 of 100,100 bytes",
        ),
        (lambda root: shutil.rmtree(root / "table"), "table is gone"),
        (lambda root: (root / "word.txt").unlink(), "word.txt is gone"),
        (
            lambda root: (root / "table" / "b.parquet").rename(root / "table" / "c.parquet"),
            "table has other files",
        ),
        (lambda root: shutil.rmtree(root), "table is gone, word.txt is gone"),
        (lambda root: (root / "word.txt").write_text(""), "word.txt has 0 of 5 bytes"),
        (lambda root: (root / "table" / "more").write_text("x"), "table has 3 of 2 files"),
    ],
)
def test_what_is_not_as_it_was_is_named(
    noted: Run,
    monkeypatch: pytest.MonkeyPatch,
    where: Callable[[pytest.MonkeyPatch], None],
    harm: Callable[[Path], None],
    damage: str,
) -> None:
    """The artifact and what is wrong with it, whatever the store."""
    where(monkeypatch)
    assert manifest.find_damage(noted) == ""
    harm(place(noted))
    assert manifest.find_damage(noted) == damage


def test_a_small_file_counts_by_its_content(noted: Run) -> None:
    """Of the same size, but another."""
    (place(noted) / "word.txt").write_text("hullo")
    assert manifest.find_damage(noted) == "word.txt has another content"


@STORES
def test_what_readers_and_later_steps_add_is_no_damage(
    noted: Run, monkeypatch: pytest.MonkeyPatch, where: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """Python's own files beside code, and artifacts that were not there when the step ended."""
    where(monkeypatch)
    root = place(noted)
    (root / "table" / "__pycache__").mkdir()
    (root / "table" / "__pycache__" / "x.pyc").write_text("x")
    (root / "later.txt").write_text("x")
    assert manifest.find_damage(noted) == ""


def test_what_another_step_replaces_is_noted_anew(noted: Run) -> None:
    """That artifact alone: damage of the others still shows."""
    root = place(noted)
    (root / "word.txt").write_text("another")
    (root / "table" / "b.parquet").unlink()
    manifest.renew(noted.info.run_id, ["word.txt", "absent"])
    assert manifest.find_damage(mlflow.get_run(noted.info.run_id)) == "table has 1 of 2 files"


def test_a_version_whose_files_are_gone_is_refused(tracking: str, tmp_path: Path) -> None:
    """One line that names the version; a version without a manifest is of an earlier release."""
    with mlflow.start_run() as run:
        uri = logged_models.log(packages.fit(tmp_path).package, tables.churn(2))
    number = promotion.register("churn", uri, {}, "")
    versions.require_whole("churn", number)
    taken = manifest.take(mlflow.get_run(run.info.run_id))
    mlflow.MlflowClient().set_tag(run.info.run_id, *next(iter(taken.items())))
    mlflow.pyfunc.load_model(f"models:/churn/{number}")
    versions.require_whole("churn", number)
    model = mlflow.get_run(run.info.run_id).outputs.model_outputs[0].model_id
    root = mlflow.MlflowClient().get_logged_model(model).artifact_location
    shutil.rmtree(Path(root.removeprefix("file://")) / "artifacts")
    with pytest.raises(LonghaulError, match=rf"models:/churn/1: its files .*models/{model} has "):
        versions.require_whole("churn", number)
