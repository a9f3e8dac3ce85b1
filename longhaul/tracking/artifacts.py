"""Artifacts: fetched by URI, and logged to the active run."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.tracking import mlflow_internals


def fetch(uri: str) -> Path:
    """Return a local path to the artifact at `uri`; one on this machine is not copied.

    Parameters
    ----------
    uri : str
        ``runs:/…``, ``models:/…``, any other artifact URI, or a local path.

    Raises
    ------
    LonghaulError
        When there is nothing there, or it cannot be fetched.
    """
    try:
        path = _in_place(uri) or _download(uri)
    except (MlflowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"{uri}: cannot fetch this artifact: {reason}") from None
    if not path.exists():
        raise LonghaulError(f"{uri}: no such artifact")
    return path


def exists(uri: str) -> bool:
    """Return whether there is an artifact ``runs:/<run>/<path>``.

    A store that does not answer raises its own error: that is not an artifact that is missing.
    """
    run_id, _, path = uri.removeprefix("runs:/").lstrip("/").partition("/")
    folder = path.rpartition("/")[0]
    listed = mlflow.MlflowClient().list_artifacts(run_id, folder or None)
    return path in {artifact.path for artifact in listed}


def _in_place(uri: str) -> Path | None:
    """Return the path of a run's artifact on this machine, which MLflow itself would copy."""
    scheme, _, rest = uri.partition(":/")
    if scheme != "runs":
        return None
    run_id, _, name = rest.lstrip("/").partition("/")
    root = mlflow.MlflowClient().get_run(run_id).info.artifact_uri
    local = mlflow_internals.local_path(root)
    path = local / name if local else None
    return path if path and path.exists() else None


def _download(uri: str) -> Path:
    """Download into a folder that is removed when the process ends; MLflow would leave it."""
    if Path(uri).exists():
        return Path(uri)
    copy = tempfile.mkdtemp(prefix="longhaul-")
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    return Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=copy))


def copy_to(uri: str, folder: Path) -> None:
    """Copy the artifacts at `uri` into a new folder, completely or not at all.

    Where several processes copy to the same folder, the first one wins: their copies are equal.

    Raises
    ------
    LonghaulError
        When there is nothing there, or it cannot be fetched.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as temporary:
        try:
            copy = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=temporary)
        except (MlflowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise LonghaulError(f"{uri}: cannot fetch this artifact: {reason}") from None
        try:
            Path(copy).rename(folder)
        except OSError:
            if not folder.is_dir():
                raise


@contextmanager
def log_folder(name: str) -> Iterator[Path]:
    """Yield a temporary folder that is logged as artifact folder `name` when the block ends.

    Nothing is logged when the block raises.
    """
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        path = Path(temporary) / name
        path.mkdir(parents=True)
        yield path
        mlflow.log_artifacts(str(path), name)


def read_json(uri: str) -> Any:
    """Read the JSON document at `uri`."""
    path = fetch(uri)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LonghaulError(f"{uri}: not a JSON document: {error}") from None
