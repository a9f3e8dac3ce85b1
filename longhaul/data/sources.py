"""Sources of a table, read in the formats of a problem."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from fsspec.implementations.local import LocalFileSystem

from longhaul import database_url
from longhaul.data import (
    batches,
    breaches,
    column_inference,
    database,
    deliveries,
    files,
    periods,
    problem_copy,
    raw_table,
    reading,
)
from longhaul.data.deliveries import Delivery
from longhaul.data.files import Fetch, File
from longhaul.data.forms import declared_forms
from longhaul.data.raw_table import NAMED, RawTable
from longhaul.errors import LonghaulError
from longhaul.features.column_format import DATE
from longhaul.problem import BATCH, Problem

EXAMPLES = 5


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
    forms : mapping of str to str
        The formats of columns of texts that were not declared, as they were inferred.
    delivered : list of Delivery
        The files that arrived after the source, each with its batch.
    """

    frame: pd.DataFrame
    unfit: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: list[str] = field(default_factory=list)
    forms: Mapping[str, str] = field(default_factory=dict)
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
    raw = _raw(problem, folder, fetch, [(later[file.name], file) for file in delivered])
    forms, notes = _forms(raw, problem)
    notes = [*raw.notes, *deliveries.missing(recorded, delivered), *notes]
    columns = {str(name): column for name, column in raw.frame.items()}
    declared = set(problem.columns)
    inferred = {name: form for name, form in forms.items() if name not in declared}
    del raw
    frame, reasons = _read(columns, forms, problem)
    if problem.time is not None:
        reasons = _with_timeless(frame, reasons, problem)
    unfit = frame.loc[reasons.index].assign(reason=reasons)
    _require_few(unfit, frame, problem)
    notes += _counts(unfit["reason"], len(frame)) if len(unfit) else []
    return Source(frame.drop(reasons.index), unfit, notes, inferred, delivered)


def read_undeclared(address: str, query: str, folder: Path, fetch: Fetch = refuse_uri) -> RawTable:
    """Read a table without a problem file: its columns as they are written."""
    raw = raw_table.read(address, query, folder, fetch)
    if not len(raw.frame):
        raise LonghaulError(f"data: {address!r} has no rows")
    return raw


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
    return _hash(_contents(raw_table.find(address, folder, fetch)))


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
) -> RawTable:
    """Read the rows as they are written; without a time column, each gets a batch."""
    raw = raw_table.read(problem.source, problem.query, folder, fetch)
    if not len(raw.frame):
        raise LonghaulError(f"source: {problem.source!r} has no rows")
    problem.require(raw.frame.columns)
    if problem.batches is None:
        return raw
    parts, notes = problem.batches.parts, list(raw.notes)
    label = batches.assign_batches(raw.frame, parts, problem.group)
    frames = [raw.frame.assign(**{BATCH: label})]
    for file, delivery in later:
        table = raw_table.read_file(file)
        frames.append(table.frame.assign(**{BATCH: delivery.period}))
        notes += table.notes
    return RawTable(pd.concat(frames, ignore_index=True), notes, raw.comma)


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


def _forms(raw: RawTable, problem: Problem) -> tuple[dict[str, str], list[str]]:
    """Return the format of each column, declared or inferred, and notes on the latter."""
    forms = declared_forms(problem)
    open_ = {
        str(name): column
        for name, column in raw.frame.items()
        if name not in forms and name not in problem.leave_out and name != BATCH
    }
    notes = []
    for name, result in column_inference.infer_all(open_, raw.comma).items():
        zone = problem.time.zone if problem.time else ""
        form = result.form.in_zone(zone)
        if pd.api.types.is_string_dtype(open_[name]) or not form.is_plain:
            forms[name] = str(form)
        notes += [f"{name!r} {note}" for note in result.notes]
    return forms, notes


def _read(
    raw: dict[str, pd.Series], forms: Mapping[str, str], problem: Problem
) -> tuple[pd.DataFrame, pd.Series]:
    """Read every column; return the frame, and the reasons of unfit rows by their index.

    Each raw column is released once it is read, so that a large table is not held twice.
    """
    columns, reasons = {}, []
    for name in list(raw):
        read = read_column(raw.pop(name), forms.get(name, ""), problem)
        columns[name] = read.column
        if len(read.unfit):
            texts = [reason(name, value, forms.get(name, DATE)) for value in read.unfit]
            reasons.append(pd.Series(texts, read.unfit.index, dtype="str"))
    every = pd.concat(reasons) if reasons else pd.Series(dtype="str")
    return pd.DataFrame(columns), every.groupby(level=0).agg("; ".join) if reasons else every


def read_column(column: pd.Series, form: str, problem: Problem) -> reading.ReadColumn:
    """Read a column of a problem's table in its format; without one, as what it holds."""
    name = str(column.name)
    if name in problem.leave_out:
        return reading.read_leniently(column, form)
    if problem.time is not None and name == problem.time.column:
        _require_no_numbers(column, form)
        form = form if form.startswith(DATE) else DATE
    return reading.read(column, form)


def reason(name: str, value: object, form: str) -> str:
    """Say why a row is set aside: a value, and what was expected."""
    return f"{name} = {value!r}, expected a {form}"


def _require_no_numbers(column: pd.Series, form: str) -> None:
    if pd.api.types.is_numeric_dtype(column) and not form.startswith(DATE):
        raise LonghaulError(
            f"time.column: {column.name!r} holds numbers, such as {column.iloc[0]}, not times;"
            " write them as timestamps, or as text such as 2013-01-31 14:30; or declare their"
            f" format: columns: {{{column.name}: date epoch s}}"
        )


def _with_timeless(frame: pd.DataFrame, reasons: pd.Series, problem: Problem) -> pd.Series:
    """Set aside the rows without a time, which belong to no period; refuse too many."""
    assert problem.time is not None
    name = problem.time.column
    timeless = frame[name].isna()
    unread = reasons[reasons.index.isin(frame.index[timeless])]
    if timeless.sum() > problem.contract.quarantine * len(frame):
        if len(unread):
            raise LonghaulError(
                f"time.column: {name!r} does not hold times in {len(unread):,} rows:"
                f" {unread.iloc[0]}"
            )
        raise LonghaulError(f"time.column: {name!r} is missing in {int(timeless.sum())} rows")
    missing = frame.index[timeless].difference(unread.index)
    more = pd.Series([f"{name} is missing: no period"] * len(missing), missing, dtype="str")
    every = pd.concat([reasons, more])
    return every.groupby(level=0).agg("; ".join) if len(more) else reasons


def _counts(reasons: pd.Series, rows: int) -> list[str]:
    """Count the rows that are set aside, by column, with examples."""
    columns = reasons.str.partition(" ")[0]
    counts = Counter(columns)
    return [
        f"{count:,} of {rows:,} rows are set aside:"
        f" {'; '.join(reasons[columns == name].unique()[:3])}"
        for name, count in counts.items()
    ]


def _require_few(unfit: pd.DataFrame, frame: pd.DataFrame, problem: Problem) -> None:
    """Refuse too many unfit rows where models are fitted and judged.

    Those of a later period are a finding about that period.
    """
    limit = problem.contract.quarantine
    if len(unfit) <= limit * len(frame):
        return
    later = periods.of(frame, problem).map(problem.windows.after_test, na_action="ignore")
    judged = later.fillna(False).eq(False)  # so are rows without a time
    if judged[unfit.index].sum() > limit * judged.sum():
        examples = unfit["reason"].head(EXAMPLES).tolist()
        raise too_many(len(unfit), len(frame), examples, problem)


def too_many(unfit: int, rows: int, examples: list[str], problem: Problem) -> LonghaulError:
    """Make the error for more unfit rows than the problem allows."""
    return LonghaulError(f"source: {breaches.describe_unfit(unfit, rows, examples, problem)}")
