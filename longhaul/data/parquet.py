"""Parquet files of a table: written, counted, and read whole or in batches.

Where Spark wrote it, a file is a folder of that name: its parts, in the order of their names, hold
the rows.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.errors import LonghaulError


def write(frame: pd.DataFrame, file: Path) -> None:
    """Write rows as one Parquet file, without their index; times to the microsecond.

    Others, such as Spark, do not read nanoseconds.
    """
    frame.to_parquet(file, index=False, coerce_timestamps="us", allow_truncated_timestamps=True)


def read(file: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read the rows of one Parquet file.

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


def parts(file: Path) -> list[Path]:
    """List the files that a file of a table consists of: itself, or its parts in order.

    Raises
    ------
    LonghaulError
        When there is none.
    """
    files = sorted(file.glob("*.parquet")) if file.is_dir() else [file]
    if not file.exists() or not files:
        raise LonghaulError(f"{file}: no such file")
    return files


def count(file: Path) -> int:
    """Count the rows of a file from its metadata."""
    return sum(_metadata(part).num_rows for part in parts(file))


def schema(file: Path) -> pa.Schema:
    """Read the columns of a file and their types."""
    return _metadata(parts(file)[0]).schema.to_arrow_schema()


def stream(
    file: Path, rows: int, columns: list[str] | None = None, places: range | None = None
) -> Iterator[pa.RecordBatch]:
    """Read a file in order, in batches of so many rows; the last has those that are left.

    Parameters
    ----------
    file : Path
    rows : int
    columns : list of str, optional
        All when it is not given.
    places : range, optional
        Of the rows to read, next to each other; all when it is not given.

    Raises
    ------
    LonghaulError
        When it cannot be read.
    """
    held: list[pa.RecordBatch] = []
    for batch in _cut(_read_batches(file, rows, columns), places):
        held.append(batch)
        if sum(waiting.num_rows for waiting in held) >= rows:
            joined = _concatenated(held)
            yield joined.slice(0, rows)
            held = [joined.slice(rows)] if joined.num_rows > rows else []
    if held:
        yield _concatenated(held)


def _read_batches(file: Path, rows: int, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    for part in parts(file):
        try:
            with pq.ParquetFile(part) as opened:
                yield from opened.iter_batches(rows, columns=columns)
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(part, error) from None


def _cut(batches: Iterator[pa.RecordBatch], places: range | None) -> Iterator[pa.RecordBatch]:
    """Yield the rows at some places."""
    start = 0
    for batch in batches:
        end = start + batch.num_rows
        if places is None:
            yield batch
        elif start < places.stop and end > places.start:
            first, last = max(places.start, start), min(places.stop, end)
            yield batch.slice(first - start, last - first)
        start = end


def _concatenated(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _metadata(part: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(part)
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(part, error) from None


def _unreadable(file: Path, error: Exception) -> LonghaulError:
    return LonghaulError(f"{file}: cannot be read as Parquet: {str(error).splitlines()[0]}")
