"""The tracking store: one address for every process of a life cycle."""

import os
from pathlib import Path

import mlflow

LOCAL_INTERFACE = "http://127.0.0.1:5000"

_VARIABLE = "MLFLOW_TRACKING_URI"


def absolute(uri: str, folder: Path) -> str:
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


def interface() -> str:
    """Where MLflow's interface is to be found: on the tracking server, or started by hand."""
    uri = mlflow.get_tracking_uri()
    return uri.rstrip("/") if uri.startswith("http") else LOCAL_INTERFACE


def fix_address(folder: Path) -> None:
    """Make this process and its children use one absolute tracking URI."""
    if uri := os.environ.get(_VARIABLE):
        os.environ[_VARIABLE] = absolute(uri, folder)
