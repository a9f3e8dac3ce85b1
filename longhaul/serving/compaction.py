"""Journals that nobody writes any more become Parquet."""

import contextlib
import fcntl
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from longhaul.data import periods
from longhaul.features import formats
from longhaul.model.predictions import columns as known_columns
from longhaul.serving import prediction_log, wal_format
from longhaul.serving.wal import SUFFIX
from longhaul.serving.wal_format import WalHeader
from longhaul.tasks import TASKS

_TYPES = {"number": pa.float64(), "category": pa.string(), "date": pa.timestamp("us")}
_TEXTS, _NUMBERS = {str, type(None)}, {int, float, type(None)}


def compact(folder: Path) -> Iterator[Path]:
    """Make Parquet of the journals that are closed, or whose worker has died.

    Several processes may do so at the same time.

    Parameters
    ----------
    folder : Path
        Of the record.

    Yields
    ------
    Path
        Each new file of predictions.

    Raises
    ------
    OSError
        When the disk is full or not to be written; the journal stays as it is.
    """
    for journal in pending_wals(folder):
        with _locked(journal) as ours:
            if ours:
                yield from _seal(journal, folder)
                journal.unlink()


def pending_wals(folder: Path) -> list[Path]:
    """What is not Parquet yet, the oldest first."""
    return sorted((folder / prediction_log.WAL).glob(f"*{SUFFIX}"))


def oldest_pending(folder: Path) -> float | None:
    """When the oldest journal was begun that is not Parquet yet, in seconds since 1970."""
    begun = [int(journal.name.partition("-")[0]) / 1e9 for journal in pending_wals(folder)]
    return min(begun, default=None)


@contextlib.contextmanager
def _locked(journal: Path) -> Iterator[bool]:
    """Whether nobody else has a journal, neither its worker nor another who makes Parquet."""
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(journal.open("rb"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (FileNotFoundError, BlockingIOError):
            yield False
        else:
            yield os.fstat(file.fileno()).st_nlink > 0


def _seal(journal: Path, folder: Path) -> Iterator[Path]:
    """Write the files that a journal becomes."""
    heading, headings = b"", {}
    requests: dict[tuple[bytes, str], list[Any]] = defaultdict(list)
    outcomes: dict[str, list[Any]] = defaultdict(list)
    broken = []
    *whole, _torn = journal.read_bytes().split(b"\n")
    for text in whole:
        match wal_format.parse_line(text):
            case {"heading": plain}:
                heading, headings[text] = text, WalHeader.read(plain)
            case {"at": at, "outcomes": reported}:
                outcomes[_day(at)] += [(*row, at) for row in reported]
            case [_, float() as at, list(), list(), *_] as request if heading:
                requests[heading, _day(at)].append(request)
            case _:
                broken.append(text)
    if broken:
        (folder / prediction_log.UNREADABLE).mkdir(exist_ok=True)
        (folder / prediction_log.UNREADABLE / journal.name).write_bytes(b"\n".join([*broken, b""]))
    name = f"{journal.stem}.parquet"
    for day, reported in outcomes.items():
        prediction_log.write(folder / prediction_log.GROUND_TRUTH / day / name, _reported(reported))
    for (text, day), found in requests.items():
        path = folder / prediction_log.PREDICTIONS / headings[text].key / day / name
        prediction_log.write(path, _predictions(headings[text], found))
        yield path


def _reported(rows: list[Any]) -> pa.Table:
    request, row, outcome, at = zip(*rows, strict=True)
    schema = prediction_log.GROUND_TRUTH_SCHEMA
    told = [orjson.dumps(one).decode() for one in outcome]
    columns = [request, row, told, _instants(at)]
    return pa.table(dict(zip(schema.names, columns, strict=True)), schema)


def _predictions(heading: WalHeader, requests: list[Any]) -> pa.Table:
    """The rows of all requests that one version has answered on one day."""
    names, at, features, *said = zip(*requests, strict=True)
    counts = [len(one) for one in said[0]]
    schema = known_columns(heading.kind)
    predicted = [name for name in TASKS[heading.kind].schema if name != "outcome"]
    table = {
        name: _column(kind, [columns[i] for columns in features], counts)
        for i, (name, kind) in enumerate(heading.column_types.items())
    }
    types = {name: _TYPES[kind] for name, kind in heading.column_types.items()}
    arrays = [pa.array(column, types[name], from_pandas=True) for name, column in table.items()]
    instants = _instants(np.repeat(at, counts))
    columns = {
        "request": np.repeat(np.array(names, object), counts),
        "row": np.concatenate([np.arange(count) for count in counts]),
        "period": _periods(heading, table, instants),
        "model": [heading.model] * sum(counts),
        "version": [heading.version] * sum(counts),
        "predicted_at": instants,
        **dict(zip(predicted, map(list, map(chain.from_iterable, said)), strict=True)),
        "outcome": pa.nulls(sum(counts), schema["outcome"]),
        "features": pa.StructArray.from_arrays(arrays, names=list(table)),
    }
    return pa.table(columns, pa.schema({**schema, "features": pa.struct(types)}))


def _column(kind: str, parts: list[Sequence[Any] | None], counts: list[int]) -> Any:
    """One feature of all rows, as the encoder reads it."""
    gaps = ([None] * count for count in counts)
    column = list(chain.from_iterable(p or gap for p, gap in zip(parts, gaps, strict=True)))
    match kind:
        case "category" if _TEXTS.issuperset(map(type, column)):
            return column
        case "category":
            return [None if formats.missing(value) else formats.text(value) for value in column]
        case "date":
            return formats.times(pd.Series(column, dtype=object)).astype("datetime64[us]")
    if not _NUMBERS.issuperset(map(type, column)):
        column = [formats.number(value) for value in column]
    found = np.array(column, dtype=np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _periods(heading: WalHeader, table: dict[str, Any], asked: pd.Series) -> pd.Series:
    """The period of each row: by its own time where that was sent, else by when it was asked."""
    times = asked.dt.tz_localize(None)
    if heading.time is None:  # nothing says in which batch it will arrive: the day will do
        return periods.labels(times, "day")
    if heading.column_types.get(heading.time.column) == "date":
        times = table[heading.time.column].fillna(times)
    return periods.labels(times, heading.time.period)


def _instants(at: Any) -> pd.Series:
    """Seconds since 1970 as times in UTC."""
    microseconds = (np.asarray(at, dtype=float) * 1e6).round().astype(np.int64)
    return pd.Series(pd.to_datetime(microseconds, unit="us", utc=True))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
