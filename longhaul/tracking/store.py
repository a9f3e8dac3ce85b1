"""The tracking store: its URI, retries, and errors in plain words."""

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
_UNREACHABLE = ("Max retries exceeded", "timed out", "Connection", "too many 5")


def absolute_uri(uri: str, folder: Path) -> str:
    """Make a tracking URI independent of the working directory.

    Parameters
    ----------
    uri : str
        A tracking URI; only a SQLite file or a folder with a relative path is changed.
    folder : Path
        Base of relative paths.
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


def retry(request: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Send a request to the store, and send it once more when its answer breaks off midway.

    MLflow itself retries when no answer comes, not when half of one does. Only for requests that
    may be carried out twice without harm.
    """
    try:
        return request(*args, **kwargs)
    except MlflowException as error:
        if not any(sign in str(error) for sign in _BROKEN):
            raise
        return request(*args, **kwargs)


def describe_error(error: Exception) -> str:
    """Describe an error of the store and its remedy in one line.

    Parameters
    ----------
    error : Exception
        Raised by MLflow, or by requests where MLflow transfers artifacts.
    """
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    uri = mlflow.get_tracking_uri()
    if not uri.startswith("http"):
        return line
    match = _ENDPOINT.search(line)
    endpoint = match[1] if match else "this"
    if "401" in line:
        return (
            f"{uri} refuses this user and password ({endpoint}); set MLFLOW_TRACKING_USERNAME"
            " and MLFLOW_TRACKING_PASSWORD"
        )
    if "403" in line or getattr(error, "error_code", "") == "PERMISSION_DENIED":
        user = os.environ.get("MLFLOW_TRACKING_USERNAME", "this user")
        return (
            f"{uri} does not allow {user} to do this ({endpoint}); ask an administrator for a role"
        )
    if "unique constraint" in line.lower():
        return (
            f"{uri} had done this already ({endpoint}), but its answer was lost, and the repeated"
            " request was refused; run the same command again"
        )
    if any(sign in line for sign in _UNREACHABLE):
        hint = "; its artifact store may be full or gone" if "artifacts" in endpoint else ""
        return f"{uri} does not answer, or fails again and again ({endpoint}){hint}: {line}"
    return line
