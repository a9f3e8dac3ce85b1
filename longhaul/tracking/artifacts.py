"""Artifacts in and out: every stage reads URIs and writes artifacts of its own run."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError


def fetch(uri: str) -> Path:
    """A local path to the artifact at `uri`: the place itself where the store is this machine.

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
        path = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))
    except (MlflowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"{uri}: cannot fetch this artifact: {reason}") from None
    if not path.exists():
        raise LonghaulError(f"{uri}: no such artifact")
    return path


@contextmanager
def folder(name: str) -> Iterator[Path]:
    """A temporary folder that becomes the artifact folder `name` of the active run, whole or not.

    Nothing is logged when the block raises.
    """
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        path = Path(temporary) / name
        path.mkdir(parents=True)
        yield path
        mlflow.log_artifacts(str(path), name)


def read_json(uri: str) -> Any:
    """The JSON document at `uri`."""
    path = fetch(uri)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LonghaulError(f"{uri}: not a JSON document: {error}") from None
