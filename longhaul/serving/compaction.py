"""Compaction: closed write-ahead logs become the Parquet files of the prediction log."""

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
from longhaul.model.correction import RAW, SHIFT
from longhaul.model.predictions import columns as prediction_columns
from longhaul.serving import wal_format
from longhaul.serving.wal import SUFFIX
from longhaul.serving.wal_format import WalHeader
from longhaul.tasks import TASKS
from longhaul.traffic import prediction_log

_TYPES = {"number": pa.float64(), "category": pa.string(), "date": pa.timestamp("us")}
_TEXTS, _NUMBERS = {str, type(None)}, {int, float, type(None)}


def compact(folder: Path) -> Iterator[Path]:
    """Convert write-ahead logs that are closed, or left by a dead worker, to Parquet.

    Several processes may do so at the same time.

    Parameters
    ----------
    folder : Path
        Of the prediction log.

    Yields
    ------
    Path
        Each new file of predictions.

    Raises
    ------
    OSError
        When the disk is full or not writable; the write-ahead log stays as it is.
    """
    for wal in pending_wals(folder):
        with _lock(wal) as acquired:
            if acquired:
                yield from _compact(wal, folder)
                wal.unlink()


def pending_wals(folder: Path) -> list[Path]:
    """List the write-ahead logs that are not compacted yet, the oldest first."""
    return sorted((folder / prediction_log.WAL).glob(f"*{SUFFIX}"))


def oldest_pending(folder: Path) -> float | None:
    """Return when the oldest write-ahead log still there was begun, in seconds since 1970."""
    begun = [int(wal.name.partition("-")[0]) / 1e9 for wal in pending_wals(folder)]
    return min(begun, default=None)


@contextlib.contextmanager
def _lock(wal: Path) -> Iterator[bool]:
    """Lock a write-ahead log; False while its worker or another compaction has it."""
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(wal.open("rb"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (FileNotFoundError, BlockingIOError):
            yield False
        else:
            yield os.fstat(file.fileno()).st_nlink > 0


def _compact(wal: Path, folder: Path) -> Iterator[Path]:
    """Write the Parquet files of a write-ahead log: one per model version, and day."""
    header_line, headers = b"", {}
    requests: dict[tuple[bytes, str], list[Any]] = defaultdict(list)
    ground_truth: dict[str, list[Any]] = defaultdict(list)
    losses: dict[str, list[Any]] = defaultdict(list)
    unreadable = []
    *lines, _torn = wal.read_bytes().split(b"\n")
    for line in lines:
        match wal_format.parse_line(line):
            case {"heading": fields}:
                header_line, headers[line] = line, WalHeader.from_dict(fields)
            case {"at": at, "outcomes": outcomes}:
                ground_truth[_day(at)] += [(*row, at) for row in outcomes]
            case {"at": at, "losses": counts}:
                losses[_day(at)].append([at, *counts])
            case [_, float() as at, list(), list(), *_] as request if header_line:
                requests[header_line, _day(at)].append(request)
            case _:
                unreadable.append(line)
    if unreadable:
        (folder / prediction_log.UNREADABLE).mkdir(exist_ok=True)
        text = b"\n".join([*unreadable, b""])
        (folder / prediction_log.UNREADABLE / wal.name).write_bytes(text)
    name = f"{wal.stem}.parquet"
    for day, rows in ground_truth.items():
        path = folder / prediction_log.GROUND_TRUTH / day / name
        prediction_log.write(path, _ground_truth_table(rows))
    for day, rows in losses.items():
        path = folder / prediction_log.LOSSES / day / name
        prediction_log.write(path, _losses_table(rows))
    for (line, day), answered in requests.items():
        path = folder / prediction_log.PREDICTIONS / headers[line].key / day / name
        prediction_log.write(path, _prediction_table(headers[line], answered))
        yield path


def _ground_truth_table(rows: list[Any]) -> pa.Table:
    request, row, outcomes, at = zip(*rows, strict=True)
    schema = prediction_log.GROUND_TRUTH_SCHEMA
    encoded = [orjson.dumps(outcome).decode() for outcome in outcomes]
    columns = [request, row, encoded, _instants(at)]
    return pa.table(dict(zip(schema.names, columns, strict=True)), schema)


def _losses_table(rows: list[Any]) -> pa.Table:
    at, *counts = zip(*rows, strict=True)
    schema = prediction_log.LOSS_SCHEMA
    return pa.table(dict(zip(schema.names, [_instants(at), *counts], strict=True)), schema)


def _prediction_table(header: WalHeader, requests: list[Any]) -> pa.Table:
    """Build the table of all requests that one version has answered on one day."""
    names, at, features, *predictions = zip(*requests, strict=True)
    counts = [len(column) for column in predictions[0]]
    schema = prediction_columns(header.task_type)
    lists = [list(chain.from_iterable(parts)) for parts in predictions]
    table = {
        name: _feature(column_type, [columns[i] for columns in features], counts)
        for i, (name, column_type) in enumerate(header.column_types.items())
    }
    types = {name: _TYPES[column_type] for name, column_type in header.column_types.items()}
    arrays = [pa.array(column, types[name], from_pandas=True) for name, column in table.items()]
    instants = _instants(np.repeat(at, counts))
    columns = {
        "request": np.repeat(np.array(names, object), counts),
        "row": np.concatenate([np.arange(count) for count in counts]),
        "period": _periods(header, table, instants),
        "model": [header.model] * sum(counts),
        "version": [header.version] * sum(counts),
        "predicted_at": instants,
        **_predicted(header, lists),
        "outcome": pa.nulls(sum(counts), schema["outcome"]),
        "features": pa.StructArray.from_arrays(arrays, names=list(table)),
    }
    return pa.table(columns, pa.schema({**schema, "features": pa.struct(types)}))


def _predicted(header: WalHeader, lists: list[list[Any]]) -> dict[str, Any]:
    """Name the columns of predictions; an old log knows of no correction."""
    task_columns = [name for name in TASKS[header.task_type].schema if name != "outcome"]
    columns = dict(zip(header.columns or task_columns, lists, strict=True))
    if header.task_type == "binary" and RAW not in columns:
        columns |= {RAW: columns["probability"], SHIFT: [0.0] * len(columns["probability"])}
    return columns


def _feature(column_type: str, parts: list[Sequence[Any] | None], counts: list[int]) -> Any:
    """Join a feature of several requests, converted as the encoder converts it."""
    gaps = ([None] * count for count in counts)
    column = list(chain.from_iterable(p or gap for p, gap in zip(parts, gaps, strict=True)))
    match column_type:
        case "category" if _TEXTS.issuperset(map(type, column)):
            return column
        case "category":
            return [None if formats.is_missing(value) else formats.text(value) for value in column]
        case "date":
            return formats.times(pd.Series(column, dtype=object)).astype("datetime64[us]")
    if not _NUMBERS.issuperset(map(type, column)):
        column = [formats.number(value) for value in column]
    numbers = np.array(column, dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _periods(header: WalHeader, table: dict[str, Any], predicted_at: pd.Series) -> pd.Series:
    """Return the period of each row: of its own time if that was sent, else of its prediction."""
    times = predicted_at.dt.tz_localize(None)
    if header.time is None:  # the table's periods are batches, which a request does not name
        return periods.labels(times, "day")
    if header.column_types.get(header.time.column) == "date":
        times = table[header.time.column].fillna(times)
    return periods.labels(times, header.time.period)


def _instants(at: Any) -> pd.Series:
    """Convert seconds since 1970 to times in UTC."""
    microseconds = (np.asarray(at, dtype=float) * 1e6).round().astype(np.int64)
    return pd.Series(pd.to_datetime(microseconds, unit="us", utc=True))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
