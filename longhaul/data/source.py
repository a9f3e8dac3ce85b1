"""Where a table comes from: a source that Longhaul knows by name, or files."""

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pyarrow as pa

from longhaul.data import flights, table
from longhaul.errors import LonghaulError
from longhaul.problem import Problem

NAMED: dict[str, Callable[[], pd.DataFrame]] = {flights.PACKAGE: flights.read}


def read(problem: Problem, folder: Path) -> pd.DataFrame:
    """Read a problem's table, with its time column as times.

    Parameters
    ----------
    problem : Problem
    folder : Path
        Where a relative path in ``source`` starts: the problem file's folder.

    Raises
    ------
    LonghaulError
        When the source is missing, unreadable or empty, or a declared column is not in it.
    """
    frame = NAMED[problem.source]() if problem.source in NAMED else _read_files(problem, folder)
    if frame.empty:
        raise LonghaulError(f"source: {problem.source!r} has no rows")
    problem.require(frame.columns)
    name = problem.time.column
    return frame.assign(**{name: _times(frame[name])})


def digest(problem: Problem, folder: Path) -> str:
    """What tells one content of the source from another: a version, or the files' bytes."""
    if problem.source in NAMED:
        return f"{problem.source} {version(problem.source)}"
    content = hashlib.sha256()
    for file in _files(problem, folder):
        with file.open("rb") as opened:
            content.update(file.name.encode())
            content.update(hashlib.file_digest(opened, "sha256").digest())
    return content.hexdigest()


def address(problem: Problem, folder: Path) -> str:
    """The source as a reader can find it again: its name and version, or its path."""
    if problem.source in NAMED:
        return f"{problem.source}=={version(problem.source)}"
    return str((folder / problem.source).resolve())


def _read_files(problem: Problem, folder: Path) -> pd.DataFrame:
    frames = [_read_file(file) for file in _files(problem, folder)]
    try:
        return pd.concat(frames, ignore_index=True)
    except (pa.ArrowInvalid, ValueError, TypeError) as error:
        raise LonghaulError(
            f"source: the files of {problem.source!r} do not fit: {error}"
        ) from None


def _read_file(file: Path) -> pd.DataFrame:
    if file.suffix == ".parquet":
        return table.read_file(file)
    try:
        return pd.read_csv(file)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"{file}: cannot be read as CSV: {reason}") from None


def _files(problem: Problem, folder: Path) -> list[Path]:
    """The files of a source, in order of their names."""
    path = (folder / problem.source).resolve()
    if path.is_dir():
        found = sorted(path.glob("*.parquet"))
        if not found:
            raise LonghaulError(f"source: no .parquet files in the folder {path}")
        return found
    if not path.is_file():
        known = ", ".join(sorted(NAMED))
        raise LonghaulError(f"source: no file or folder {path}; by name Longhaul knows {known}")
    if path.suffix not in {".parquet", ".csv"}:
        raise LonghaulError(f"source: {path} is neither .parquet nor .csv")
    return [path]


def _times(column: pd.Series) -> pd.Series:
    """A time column as times without a zone, and without gaps."""
    try:
        times = pd.to_datetime(column)
    except (ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"time.column: {column.name!r} does not hold times: {reason}") from None
    if times.isna().any():
        count = int(times.isna().sum())
        raise LonghaulError(f"time.column: {column.name!r} is missing in {count} rows")
    return times.dt.tz_localize(None)
