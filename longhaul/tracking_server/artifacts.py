"""The place of a server's artifacts, whatever kind of store it is in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from longhaul.errors import LonghaulError


def check_access(place: str) -> None:
    """Make a folder, or look into a store: whether it is there, and lets itself be looked into.

    Raises
    ------
    LonghaulError
        When it does not.
    """
    with translate_errors(place):
        if "://" in place:
            get_artifact_repository(place).list_artifacts()
        else:
            Path(place).mkdir(parents=True, exist_ok=True)


@contextmanager
def translate_errors(place: str) -> Iterator[None]:
    """Say in one line what a store has against it; each kind has errors of its own."""
    try:
        yield
    except LonghaulError:
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LonghaulError(f"artifacts: {place}: {reason}") from None
