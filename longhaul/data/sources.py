"""Sources of a table: a named data set, files, or a database."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem
from tqdm import tqdm

from longhaul import database_url
from longhaul.data import (
    batches,
    breaches,
    csv,
    database,
    deliveries,
    files,
    flights,
    periods,
    problem_copy,
    reading,
)
from longhaul.data.deliveries import Delivery
from longhaul.data.files import Fetch, File
from longhaul.errors import LonghaulError
from longhaul.problem import BATCH, Problem

NAMED: dict[str, Callable[[], pd.DataFrame]] = {flights.PACKAGE: flights.read}
EXAMPLES = 5

_BATCH_ROWS = 100_000


@dataclass(frozen=True)
class Source:
    """Table that was read from a source.

    Attributes
    ----------
    frame : DataFrame of n rows
        Every column holds numbers, texts or times.
    unfit : DataFrame of m rows
        Rows with a value that does not fit its column, where it is missing, and the reason.
    notes : list of str
        What had to be assumed to read it.
    delivered : list of Delivery
        The files that arrived after the source, each with its batch.
    """

    frame: pd.DataFrame
    unfit: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: list[str] = field(default_factory=list)
    delivered: list[Delivery] = field(default_factory=list)


def is_path(address: str) -> bool:
    """Return whether an address is a path on this machine: no URI, and no named data set."""
    return ":/" not in address and address not in NAMED


def refuse_uri(address: str) -> Path:
    """Refuse a URI of MLflow, where nothing can resolve it; see `longhaul.data.files.Fetch`."""
    raise LonghaulError(
        f"source: {address} can be read only in a step of `mlflow run`; give a path or a URL"
    )


def read(
    problem: Problem,
    folder: Path,
    fetch: Fetch = refuse_uri,
    recorded: Collection[Delivery] = (),
) -> Source:
    """Read a problem's table, with its time column as times or the batch of each row.

    Parameters
    ----------
    problem : Problem
    folder : Path
        Where a relative path in ``source`` starts: the problem file's folder.
    fetch : callable
        Returns the local path of a URI that MLflow resolves.
    recorded : collection of Delivery
        The files that were seen before; see `longhaul.data.deliveries.number`.

    Raises
    ------
    LonghaulError
        When the source is missing, unreadable or empty, a declared column is not in it, or too
        many rows up to the test window have a value that does not fit its column.
    """
    later = _later(problem, folder, fetch)
    delivered = _numbered(later, problem, recorded)
    raw, notes = _raw(problem, folder, fetch, [(later[file.name], file) for file in delivered])
    notes += deliveries.missing(recorded, delivered)
    columns = {str(name): column for name, column in raw.items()}
    del raw
    frame, reasons = _read(columns, problem)
    if problem.time is not None:
        _require_times(frame, reasons, problem.time.column)
    unfit = frame.loc[reasons.index].assign(reason=reasons)
    _require_few(unfit, frame, problem)
    return Source(frame.drop(reasons.index), unfit, notes, delivered)


def read_undeclared(address: str, query: str, folder: Path, fetch: Fetch = refuse_uri) -> Source:
    """Read a table without a problem file: its columns as they are written."""
    raw, notes = _table(address, query, folder, fetch)
    if not len(raw):
        raise LonghaulError(f"data: {address!r} has no rows")
    return Source(raw, notes=notes)


def digest(
    problem: Problem,
    folder: Path,
    fetch: Fetch = refuse_uri,
    recorded: Collection[Delivery] = (),
) -> str:
    """Digest the content of a problem's source: a version, or a hash of the data.

    The number of each file that arrived later is part of it; see `read`.
    """
    paths = problem_copy.family_files(problem, folder)
    families = [File(LocalFileSystem(), str(path), 0) for path in paths]
    digested = fingerprint(problem.source, problem.query, folder, fetch)
    delivered = _numbered(_later(problem, folder, fetch), problem, recorded)
    more = [text for file in delivered for text in (file.period, file.name, file.digest)]
    more += _contents(families)
    return _hash([digested, *more]) if more else digested


def fingerprint(address: str, query: str, folder: Path, fetch: Fetch = refuse_uri) -> str:
    """Digest the content of a table without a problem file."""
    if address in NAMED:
        return f"{address} {version(address)}"
    if database_url.is_database_url(address):
        rows = database.read(address, query, lambda _: None)
        hashed = pd.util.hash_pandas_object(rows.astype("str")).to_numpy().tobytes()
        return _hash([repr(list(rows.columns)), hashed.hex()])
    return _hash(_contents(_find(address, folder, fetch)))


def _contents(sources: Sequence[File]) -> list[str]:
    return [text for file in sources for text in (file.name, file.digest())]


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def address(problem: Problem, folder: Path) -> str:
    """Return the address of the source for a reader: name and version, path or URL."""
    if is_path(problem.source):
        return str((folder / problem.source).resolve())
    if problem.source in NAMED:
        return f"{problem.source}=={version(problem.source)}"
    if database_url.is_database_url(problem.source):
        return database_url.hide_password(problem.source)
    return problem.source


def _raw(
    problem: Problem, folder: Path, fetch: Fetch, later: Sequence[tuple[File, Delivery]]
) -> tuple[pd.DataFrame, list[str]]:
    """Read the rows as they are written; without a time column, each gets a batch."""
    frame, notes = _table(problem.source, problem.query, folder, fetch)
    if not len(frame):
        raise LonghaulError(f"source: {problem.source!r} has no rows")
    problem.require(frame.columns)
    if problem.batches is None:
        return frame, notes
    parts = problem.batches.parts
    frames = [frame.assign(**{BATCH: batches.assign_batches(frame, parts, problem.group)})]
    for file, delivery in later:
        with _bar(file.size, file.name) as advance:
            table, more = _read_file(file, advance)
        frames.append(_frame(table).assign(**{BATCH: delivery.period}))
        notes += more
    return pd.concat(frames, ignore_index=True), notes


def _later(problem: Problem, folder: Path, fetch: Fetch) -> dict[str, File]:
    """Find the files that arrived after the source, by name; there may be none yet."""
    if problem.batches is None or not problem.batches.later:
        return {}
    address = problem.batches.later
    try:
        arrived = files.find(address, folder, fetch, "batches.later")
    except LonghaulError as error:
        if "no file, folder or pattern" in str(error):
            return {}
        raise
    names = files.names_below(address, folder, arrived)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise LonghaulError(f"batches.later: two files are called {twice!r}; rename one of them")
    return dict(zip(names, arrived, strict=True))


def _numbered(
    later: Mapping[str, File], problem: Problem, recorded: Collection[Delivery]
) -> list[Delivery]:
    """Give each file that arrived later the number of its batch."""
    if problem.batches is None:
        return []
    digests = {name: file.digest() for name, file in later.items()}
    return deliveries.number(digests, recorded, problem.batches.parts)


def _find(address: str, folder: Path, fetch: Fetch) -> list[File]:
    try:
        return files.find(address, folder, fetch)
    except LonghaulError as error:
        names = ", ".join(sorted(NAMED))
        raise LonghaulError(f"{error}; or give the name of a data set: {names}") from None


def _table(address: str, query: str, folder: Path, fetch: Fetch) -> tuple[pd.DataFrame, list[str]]:
    if address in NAMED:
        return NAMED[address](), []
    if database_url.is_database_url(address):
        with _bar(0, "rows", "row") as advance:
            return database.read(address, query, advance), []
    parts, notes, tables = _find(address, folder, fetch), [], []
    with _bar(sum(file.size for file in parts), "read") as advance:
        for file in parts:
            table, more = _read_file(file, advance)
            tables.append(table)
            notes += more
    return _frame(_joined(tables, parts)), notes


def _joined(tables: Sequence[pa.Table], parts: Sequence[File]) -> pa.Table:
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(
            f"source: the files {parts[0].name} to {parts[-1].name} do not fit together: {reason}"
        ) from None


def _read_file(file: File, advance: Callable[[int], Any]) -> tuple[pa.Table, list[str]]:
    try:
        with file.open() as opened:
            if file.format == "parquet":
                return _parquet(opened, file, advance), []
            return csv.read(opened, file.name, advance)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"{file.path}: cannot be read as Parquet: {reason}") from None
    except LonghaulError:
        raise
    except Exception as error:  # a store or a decompressor may fail in any way
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LonghaulError(f"{file.path}: cannot be read: {reason}") from None


def _parquet(opened: Any, file: File, advance: Callable[[int], Any]) -> pa.Table:
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
    return table.replace_schema_metadata(None).to_pandas(self_destruct=True, split_blocks=True)


@contextmanager
def _bar(total: int, name: str, unit: str = "B") -> Any:
    with tqdm(
        total=total or None, desc=name, unit=unit, unit_scale=True, leave=False, disable=None
    ) as bar:
        yield bar.update


def _read(raw: dict[str, pd.Series], problem: Problem) -> tuple[pd.DataFrame, pd.Series]:
    """Read every column; return the frame, and the reasons of unfit rows by their index.

    Each raw column is released once it is read, so that a large table is not held twice.
    """
    columns, reasons = {}, []
    for name in list(raw):
        read = _read_column(raw.pop(name), problem)
        columns[name] = read.column
        if len(read.unfit):
            expected = f", expected a {problem.columns.get(name, reading.DATE)}"
            texts = [f"{name} = {value!r}{expected}" for value in read.unfit]
            reasons.append(pd.Series(texts, read.unfit.index, dtype="str"))
    every = pd.concat(reasons) if reasons else pd.Series(dtype="str")
    return pd.DataFrame(columns), every.groupby(level=0).agg("; ".join) if reasons else every


def _read_column(column: pd.Series, problem: Problem) -> reading.ReadColumn:
    name = column.name
    declared = problem.columns.get(str(name), "")
    if not declared and problem.time is not None and name == problem.time.column:
        _require_no_numbers(column)
        declared = reading.DATE
    if not declared and name in problem.leave_out:
        return reading.read_leniently(column)
    return reading.read(column, declared)


def _require_no_numbers(column: pd.Series) -> None:
    if pd.api.types.is_numeric_dtype(column):
        raise LonghaulError(
            f"time.column: {column.name!r} holds numbers, such as {column.iloc[0]}, not times;"
            " write them as timestamps, or as text such as 2013-01-31 14:30"
        )


def _require_times(frame: pd.DataFrame, reasons: pd.Series, name: str) -> None:
    """Refuse rows without a time: they belong to no period."""
    unknown = frame[name].isna()
    if not unknown.any():
        return
    unread = reasons[reasons.index.isin(frame.index[unknown])]
    if len(unread):
        raise LonghaulError(
            f"time.column: {name!r} does not hold times in {len(unread):,} rows: {unread.iloc[0]}"
        )
    raise LonghaulError(f"time.column: {name!r} is missing in {int(unknown.sum())} rows")


def _require_few(unfit: pd.DataFrame, frame: pd.DataFrame, problem: Problem) -> None:
    """Refuse too many unfit rows where models are fitted and judged.

    Those of a later period are a finding about that period.
    """
    limit = problem.contract.quarantine
    if len(unfit) <= limit * len(frame):
        return
    judged = ~periods.of(frame, problem).map(problem.windows.after_test)
    if judged[unfit.index].sum() > limit * judged.sum():
        examples = unfit["reason"].head(EXAMPLES).tolist()
        raise too_many(len(unfit), len(frame), examples, problem)


def too_many(unfit: int, rows: int, examples: list[str], problem: Problem) -> LonghaulError:
    """Make the error for more unfit rows than the problem allows."""
    return LonghaulError(f"source: {breaches.describe_unfit(unfit, rows, examples, problem)}")
