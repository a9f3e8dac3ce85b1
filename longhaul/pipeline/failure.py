"""Failures that nobody foresaw: one line for the terminal, the traceback as an artifact."""

import contextlib
import os
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import mlflow

from longhaul.errors import LonghaulError
from longhaul.pipeline import caller
from longhaul.tracking.tags import ERROR

ARTIFACT = "traceback.txt"
RUN_ID = "MLFLOW_RUN_ID"
MAX_MESSAGE = 300

_COLUMNS = ("column", "series", "feature")  # local variables that stand for a column
_FILES = ("file", "path", "part", "source", "target")


class UnexpectedError(LonghaulError):
    """Error that is no mistake of the user, in one line; its traceback is kept elsewhere."""


def convert(error: Exception) -> UnexpectedError:
    """Convert any exception to one with a line for the user; keep its traceback."""
    line = describe(error)
    return UnexpectedError(f"{line}; traceback: {keep(error, line)}")


def describe(error: Exception) -> str:
    """Describe an exception in one line, with the column and the file that it was at."""
    message = first_line(error)
    kind = type(error).__name__
    line = message if isinstance(error, OSError) else f"unexpected {kind}: {message}"
    place = ", ".join(_place(error))
    return f"{line} ({place})" if place else line


def first_line(error: BaseException) -> str:
    """Return the first line of the message of an error; its type where it has none."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0] if len(lines[0]) <= MAX_MESSAGE else f"{lines[0][:MAX_MESSAGE]}…"


def keep(error: BaseException, line: str) -> str:
    """Keep a traceback as an artifact of the run; in a file where the store does not take it.

    Parameters
    ----------
    error : BaseException
    line : str
        Its description, a tag of the run.

    Returns
    -------
    str
        Where the traceback is.
    """
    text = "".join(traceback.format_exception(error))
    active = mlflow.active_run()
    run_id = active.info.run_id if active else os.environ.get(RUN_ID)
    if run_id:
        with contextlib.suppress(Exception):  # the first error is the one to be told
            client = mlflow.MlflowClient()
            client.log_text(run_id, text, ARTIFACT)
            client.set_tag(run_id, ERROR, line)
            return f"runs:/{run_id}/{ARTIFACT}"
    with contextlib.suppress(OSError):
        number, name = tempfile.mkstemp(".txt", "longhaul-traceback-", _lasting_folder())
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        return name
    return "nowhere, neither the store nor the disk takes it"


def explain_threads() -> None:
    """Let a thread that fails say so in one line, too."""

    def explain(failed: threading.ExceptHookArgs) -> None:
        if isinstance(failed.exc_value, Exception):
            click.echo(f"error: in the background: {convert(failed.exc_value)}", err=True)

    threading.excepthook = explain


def _lasting_folder() -> str:
    """Return a folder for temporary files that the end of a step does not remove."""
    folder = Path(tempfile.gettempdir())
    return str(folder.parent if "LONGHAUL_DEPTH" in os.environ else folder)


def _place(error: BaseException) -> Iterator[str]:
    """Name the column and the file that the project's own code was at, as far as it shows."""
    scopes = [
        frame.f_locals
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if _is_ours(Path(frame.f_code.co_filename))
    ]
    columns = (column for scope in reversed(scopes) if (column := _column(scope)))
    files = (file for scope in reversed(scopes) if (file := _file(scope)))
    if column := next(columns, ""):
        yield f"column {column!r}"
    if file := next(files, ""):
        yield f"file {file}"


def _is_ours(path: Path) -> bool:
    """Return whether a file is the project's own: not a library's, in an environment inside it."""
    inside = path.is_relative_to(caller.PROJECT) or path.is_relative_to(Path.cwd())
    return inside and "site-packages" not in path.parts


def _column(scope: Mapping[str, Any]) -> str:
    """Return the column that a function was at; empty where it does not show."""
    for key in _COLUMNS:
        value = scope.get(key)
        name = value if isinstance(value, str) else getattr(value, "name", None)
        if isinstance(name, str):
            return name
    name = scope.get("name")
    tables = [getattr(value, "columns", ()) for value in scope.values()]
    named = isinstance(name, str) and any(_contains(columns, name) for columns in tables)
    return str(name) if named else ""


def _contains(columns: Any, name: str) -> bool:
    try:
        return name in list(columns)
    except (TypeError, ValueError):
        return False


def _file(scope: Mapping[str, Any]) -> str:
    """Return the file that a function was at; empty where it does not show."""
    for key in _FILES:
        value = scope.get(key)
        path = value if isinstance(value, Path) else getattr(value, "path", None)
        if isinstance(path, Path | str):
            return str(path)
    return ""
