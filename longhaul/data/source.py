"""Where a table comes from: a source that Longhaul knows by name, or files."""

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from pandas.api import types

from longhaul.data import flights, table
from longhaul.errors import LonghaulError
from longhaul.problem import Problem

# What pandas calls Python objects that are numbers, gaps aside.
_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty"}

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
        When the source is missing, unreadable or empty, a declared column is not in it, or a
        column holds what is neither number, text nor time.
    """
    frame = NAMED[problem.source]() if problem.source in NAMED else _read_files(problem, folder)
    if frame.empty:
        raise LonghaulError(f"source: {problem.source!r} has no rows")
    problem.require(frame.columns)
    name = problem.time.column
    plain = {other: _plain(frame[other]) for other in frame.columns if other != name}
    return frame.assign(**plain, **{name: _times(frame[name])})


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
    return pd.concat(map(_read_file, _files(problem, folder)), ignore_index=True)


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


def _plain(column: pd.Series) -> pd.Series:
    """A column of Python objects as numbers, text or times, of one type in every period."""
    if not types.is_object_dtype(column):
        return column
    found = types.infer_dtype(column, skipna=True)
    if found in _NUMBERS:
        return column.astype(float)
    if found == "string":
        return column.astype("str")
    if found in {"date", "datetime"}:
        return pd.to_datetime(column)
    by_type = {type(value).__name__: value for value in column.dropna()}
    values = " and ".join(f"{name} ({value!r})" for name, value in by_type.items())
    raise LonghaulError(
        f"source: column {column.name!r} holds values of type {values};"
        " a column must be all numbers, all text or all times"
    )


def _times(column: pd.Series) -> pd.Series:
    """A time column as times without a zone, and without gaps."""
    if types.is_numeric_dtype(column):
        raise LonghaulError(
            f"time.column: {column.name!r} holds numbers, such as {column.iloc[0]}, not times;"
            " write them as timestamps, or as text such as 2013-01-31 14:30"
        )
    try:
        times = pd.to_datetime(column)
    except (ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"time.column: {column.name!r} does not hold times: {reason}") from None
    if times.isna().any():
        count = int(times.isna().sum())
        raise LonghaulError(f"time.column: {column.name!r} is missing in {count} rows")
    return times.dt.tz_localize(None)
