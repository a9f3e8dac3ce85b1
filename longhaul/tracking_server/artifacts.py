"""Artifact location of a tracking server, in a folder or any artifact store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from longhaul.errors import LonghaulError
from longhaul.tracking.mlflow_internals import get_artifact_repository


def check_access(location: str) -> None:
    """Check that an artifact location can be read; a folder is created where there is none.

    Raises
    ------
    LonghaulError
        When it cannot.
    """
    with translate_errors(location):
        if "://" in location:
            get_artifact_repository(location).list_artifacts()
        else:
            Path(location).mkdir(parents=True, exist_ok=True)


@contextmanager
def translate_errors(location: str) -> Iterator[None]:
    """Turn any error of an artifact store into a LonghaulError of one line."""
    try:
        yield
    except LonghaulError:
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LonghaulError(f"artifacts: cannot use {location}: {reason}") from None
