"""The tracking store: one address for every process of a life cycle."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import mlflow
from mlflow.exceptions import MlflowException

T = TypeVar("T")

_VARIABLE = "MLFLOW_TRACKING_URI"
_ENDPOINT = re.compile(r"/api/2\.0/(?:mlflow/)?([\w./-]*[\w])")
_BROKEN = ("IncompleteRead", "Connection broken")
_SILENT = ("Max retries exceeded", "timed out", "Connection", "too many 5")


def absolute_uri(uri: str, folder: Path) -> str:
    """The same store, said so that it means the same in every folder.

    Parameters
    ----------
    uri : str
        A tracking URI; only a SQLite file or a folder with a relative path is changed.
    folder : Path
        Where a relative path starts.
    """
    scheme, separator, path = uri.partition(":///")
    if scheme == "sqlite" and separator and path and not path.startswith("/"):
        return f"sqlite:///{folder.resolve() / path}"
    if "://" not in uri and not uri.startswith(("file:", "databricks", "/")):
        return str(folder.resolve() / uri)
    return uri


def fix_tracking_uri(folder: Path) -> None:
    """Make this process and its children use one absolute tracking URI."""
    if uri := os.environ.get(_VARIABLE):
        os.environ[_VARIABLE] = absolute_uri(uri, folder)


def retry(ask: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Ask the store, and ask once more when its answer breaks off midway.

    MLflow itself asks again when no answer comes, not when half of one does. For requests that may
    be carried out twice without harm.
    """
    try:
        return ask(*args, **kwargs)
    except MlflowException as error:
        if not any(sign in str(error) for sign in _BROKEN):
            raise
        return ask(*args, **kwargs)


def describe_error(error: Exception) -> str:
    """What the store has against a request, in one line that says what to do about it.

    Parameters
    ----------
    error : Exception
        Of MLflow, or of requests where it moves artifacts.
    """
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    uri = mlflow.get_tracking_uri()
    if not uri.startswith("http"):
        return line
    found = _ENDPOINT.search(line)
    asked = found[1] if found else "this"
    if "401" in line:
        return (
            f"{uri} does not know this user and password ({asked}); set MLFLOW_TRACKING_USERNAME"
            " and MLFLOW_TRACKING_PASSWORD"
        )
    if "403" in line or getattr(error, "error_code", "") == "PERMISSION_DENIED":
        user = os.environ.get("MLFLOW_TRACKING_USERNAME", "this user")
        return f"{uri} does not allow {user} to do this ({asked}); an administrator gives the right"
    if "unique constraint" in line.lower():
        return (
            f"{uri} had done this already ({asked}), but its answer was lost, and it does not do it"
            " twice: run the same again"
        )
    if any(sign in line for sign in _SILENT):
        artifacts = "; its artifact store may be full or gone" if "artifacts" in asked else ""
        return f"{uri} does not answer, or fails again and again ({asked}){artifacts}: {line}"
    return line
