"""Tables as they are written: from a named data set, files, or a database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm import tqdm

from longhaul import database_url
from longhaul.data import csv, database, excel, files, flights, json_lines
from longhaul.data.files import Fetch, File
from longhaul.errors import LonghaulError
from longhaul.features.number_inference import EXACT

NAMED: dict[str, Callable[[], pd.DataFrame]] = {flights.PACKAGE: flights.read}

_BATCH_ROWS = 100_000

Advance = Callable[[int], Any]


@dataclass(frozen=True)
class RawTable:
    """Table as it is written.

    Attributes
    ----------
    frame : DataFrame of n rows
        From CSV, texts.
    notes : list of str
        What had to be assumed.
    comma : bool
        Whether it is from files with semicolons between the fields.
    """

    frame: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    comma: bool = False


@dataclass(frozen=True)
class _Part:
    """Table of one file."""

    table: pa.Table
    notes: list[str] = field(default_factory=list)
    separator: str = ""


def read(address: str, query: str, folder: Path, fetch: Fetch) -> RawTable:
    """Read a table without the rows that are wholly blank.

    Parameters
    ----------
    address, query : str
    folder : Path
        Where a relative path starts.
    fetch : callable
        Returns the local path of a URI that MLflow resolves.

    Raises
    ------
    LonghaulError
        When it cannot be read.
    """
    if address in NAMED:
        return RawTable(NAMED[address]())
    if database_url.is_database_url(address):
        with _bar(0, "rows", "row") as advance:
            return RawTable(database.read(address, query, advance))
    if query:
        raise LonghaulError(f"query: {address!r} is no database, and answers none; leave it out")
    sources = find(address, folder, fetch)
    with _bar(sum(file.size for file in sources), "read") as advance:
        parts = [_read_file(file, advance) for file in sources]
    return _from_arrow(_joined([part.table for part in parts], sources), parts)


def read_file(file: File) -> RawTable:
    """Read the table of one file; see `read`."""
    with _bar(file.size, file.name) as advance:
        part = _read_file(file, advance)
    return _from_arrow(part.table, [part])


def find(address: str, folder: Path, fetch: Fetch) -> list[File]:
    """Find the files of a table; see `longhaul.data.files.find`."""
    try:
        return files.find(address, folder, fetch)
    except LonghaulError as error:
        names = ", ".join(sorted(NAMED))
        raise LonghaulError(f"{error}; or give the name of a data set: {names}") from None


def _from_arrow(table: pa.Table, parts: Sequence[_Part]) -> RawTable:
    """Convert to pandas, without wholly blank rows."""
    notes = [note for part in parts for note in part.notes]
    blank = _blank_rows(table)
    if blank is not None:
        table = table.filter(pc.invert(blank))
        count = pc.sum(blank).as_py()
        notes.append(f"{count:,} row{'s are' if count > 1 else ' is'} wholly blank, and left out")
    return RawTable(_frame(table), notes, any(part.separator == ";" for part in parts))


def _blank_rows(table: pa.Table) -> pa.ChunkedArray | None:
    """Return which rows hold nothing; None where each holds something."""
    blank = None
    for column in table.columns:
        empty = pc.is_null(column)
        if pa.types.is_string(column.type):
            bare = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0)
            empty = pc.or_(empty, pc.fill_null(bare, False))
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return None
    return blank


def _joined(tables: Sequence[pa.Table], parts: Sequence[File]) -> pa.Table:
    for table, part in zip(tables, parts, strict=True):
        _require_distinct(table.column_names, part.name)
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(
            f"source: the files {parts[0].name} to {parts[-1].name} do not fit together: {reason}"
        ) from None


def _require_distinct(names: Sequence[str], file: str) -> None:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise LonghaulError(
            f"{file}: two columns are called {twice[0]!r}; give each column a different name"
        )


def _read_file(file: File, advance: Advance) -> _Part:
    try:
        with file.open() as opened:
            part = _read_as(file, opened, advance)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"{file.path}: cannot be read as Parquet: {reason}") from None
    except LonghaulError:
        raise
    except Exception as error:  # a store or a decompressor may fail in any way
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LonghaulError(f"{file.path}: cannot be read: {reason}") from None
    table = part.table
    for name, value in file.partitions.items():
        if name not in table.column_names:
            table = table.append_column(name, pa.array([value] * len(table), pa.string()))
    return replace(part, table=table)


def _read_as(file: File, opened: Any, advance: Advance) -> _Part:
    """Read a file in the format that its name says."""
    match file.format:
        case "parquet":
            return _Part(_parquet(opened, file, advance))
        case "lines":
            return _Part(json_lines.read(opened, file.name))
        case "excel":
            frame, notes = excel.read(opened, file.name)
            return _Part(excel.to_arrow(frame), notes)
    read = csv.read(opened, file.name, advance)
    return _Part(read.table, read.notes, read.separator)


def _parquet(opened: Any, file: File, advance: Advance) -> pa.Table:
    parquet = pq.ParquetFile(opened)
    rows = max(parquet.metadata.num_rows, 1)
    parts = []
    for part in parquet.iter_batches(_BATCH_ROWS):
        advance(int(file.size * part.num_rows / rows))
        parts.append(part)
    return pa.Table.from_batches(parts, parquet.schema_arrow)


def _frame(table: pa.Table) -> pd.DataFrame:
    """Convert to pandas, without the index that the table may have been written with."""
    names = table.column_names
    twice = (
        next((name for name in names if names.count(name) > 1), None)
        if len({*names}) < len(names)
        else None
    )
    if twice is not None:
        raise LonghaulError(f"source: two columns are called {twice!r}; give each a different name")
    for place, column in enumerate(table.columns):
        if pa.types.is_integer(column.type) and column.null_count and _large(column):
            texts = pc.cast(column, pa.string())  # floats would not keep them
            table = table.set_column(place, names[place], texts)
    return table.replace_schema_metadata(None).to_pandas(self_destruct=True, split_blocks=True)


def _large(column: pa.ChunkedArray) -> bool:
    bounds = pc.min_max(column).as_py()
    return bounds["max"] is not None and max(abs(bounds["min"]), abs(bounds["max"])) > EXACT


@contextmanager
def _bar(total: int, name: str, unit: str = "B") -> Iterator[Any]:
    with tqdm(
        total=total or None, desc=name, unit=unit, unit_scale=True, leave=False, disable=None
    ) as bar:
        yield bar.update
