"""A table on disk: one Parquet file per period, and the problem it belongs to.

Where Spark wrote it, a file is a folder of that name: its parts, in the order of their names, hold
the rows.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul import problem as problems
from longhaul.data.periods import of
from longhaul.errors import LonghaulError
from longhaul.problem import Problem

_PROBLEM, _FAMILIES = "problem.yaml", "families"


def write(
    folder: Path, problem: Problem, frame: pd.DataFrame, origin: Path | None = None
) -> list[str]:
    """Write a table into an existing folder, a file per period; return the periods."""
    write_problem(folder, problem, origin)
    for label, rows in frame.groupby(of(frame, problem), sort=True):
        write_file(rows, path(folder, str(label)))
    return periods(folder)


def write_problem(folder: Path, problem: Problem, origin: Path | None = None) -> None:
    """Write the problem that a table in `folder` belongs to.

    Parameters
    ----------
    folder : Path
    problem : Problem
    origin : Path, optional
        Where the files of the problem's own families are; they go with it.

    Raises
    ------
    LonghaulError
        When one of them is not there.
    """
    folder.joinpath(_PROBLEM).write_text(problems.dump(problem), encoding="utf-8")
    for file in families(problem, origin) if origin else []:
        if not file.is_file():
            raise LonghaulError(f"families: no file {file}")
        (folder / _FAMILIES).mkdir(exist_ok=True)
        shutil.copyfile(file, folder / _FAMILIES / file.name)


def families(problem: Problem, folder: Path) -> list[Path]:
    """The files of a problem's own families, beside the problem file or beside a table."""
    beside = folder / _FAMILIES
    if (folder / _PROBLEM).is_file() and beside.is_dir():
        return [beside / Path(name).name for name in problem.families]
    return [(folder / name).resolve() for name in problem.families]


def write_file(frame: pd.DataFrame, file: Path) -> None:
    """Write rows as one Parquet file, without their index; times to the microsecond.

    Others, such as Spark, do not read nanoseconds.
    """
    frame.to_parquet(file, index=False, coerce_timestamps="us", allow_truncated_timestamps=True)


def periods(folder: Path) -> list[str]:
    """The periods of a table, in order of time."""
    return sorted(file.stem for file in folder.glob("*.parquet"))


def path(folder: Path, period: str) -> Path:
    """The file of one period, whether there is one or not."""
    return folder / f"{period}.parquet"


def problem(folder: Path) -> Problem:
    """The problem that a table belongs to."""
    return problems.load(folder / _PROBLEM)


def select(found: list[str], window: tuple[str, str], name: str) -> list[str]:
    """Those of the periods `found` that lie in a window.

    Raises
    ------
    LonghaulError
        When there are none: an empty window.
    """
    first, last = window
    chosen = [period for period in found if first <= period <= last]
    if not chosen:
        have = f"{found[0]} to {found[-1]}" if found else "no periods at all"
        raise LonghaulError(f"windows.{name}: no rows from {first} to {last}; the table has {have}")
    return chosen


def read(folder: Path, chosen: list[str], columns: list[str] | None = None) -> pd.DataFrame:
    """The rows of some periods, one after the other.

    Parameters
    ----------
    folder : Path
    chosen : list of str
        Labels of periods that the table has.
    columns : list of str, optional
        All when it is not given.
    """
    return pd.concat(
        [read_file(path(folder, period), columns) for period in chosen], ignore_index=True
    )


def parts(file: Path) -> list[Path]:
    """The files that a file of a table consists of: itself, or its parts in order.

    Raises
    ------
    LonghaulError
        When there is none.
    """
    found = sorted(file.glob("*.parquet")) if file.is_dir() else [file]
    if not file.exists() or not found:
        raise LonghaulError(f"{file}: no such file")
    return found


def count(file: Path) -> int:
    """How many rows a file of a table has."""
    return sum(_metadata(part).num_rows for part in parts(file))


def schema(file: Path) -> pa.Schema:
    """The columns of a file of a table."""
    return _metadata(parts(file)[0]).schema.to_arrow_schema()


def stream(file: Path, rows: int, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a file of a table, in order, so many at a time; at the end, those left.

    Raises
    ------
    LonghaulError
        When it cannot be read.
    """
    held: list[pa.RecordBatch] = []
    for part in parts(file):
        try:
            with pq.ParquetFile(part) as opened:
                for batch in opened.iter_batches(rows, columns=columns):
                    held.append(batch)
                    if sum(one.num_rows for one in held) >= rows:
                        whole = _one(held)
                        yield whole.slice(0, rows)
                        held = [whole.slice(rows)] if whole.num_rows > rows else []
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(part, error) from None
    if held:
        yield _one(held)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _metadata(part: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(part)
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(part, error) from None


def _unreadable(file: Path, error: Exception) -> LonghaulError:
    return LonghaulError(f"{file}: cannot be read as Parquet: {str(error).splitlines()[0]}")


def read_file(file: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """The rows of one Parquet file.

    Raises
    ------
    LonghaulError
        When there is no such file, or it is not Parquet.
    """
    try:
        return pq.read_table(file, columns=columns).to_pandas()
    except FileNotFoundError:
        raise LonghaulError(f"{file}: no such file") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(file, error) from None
