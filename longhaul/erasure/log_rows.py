"""Rows of a person in the prediction log: predictions, the shadow's, outcomes, unreadable lines."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from longhaul.erasure import rows
from longhaul.erasure.person import Person
from longhaul.errors import LonghaulError
from longhaul.traffic import prediction_log

_REQUEST = ["request", "row"]


def require_closed(log: Path) -> None:
    """Refuse a log that is still written: its write-ahead logs cannot be changed.

    Raises
    ------
    LonghaulError
    """
    if not log.is_dir():
        raise LonghaulError(f"log: there is no folder {log}; serve calls it record")
    pending = list((log / prediction_log.WAL).glob("*"))
    if pending:
        raise LonghaulError(
            f"log: {len(pending)} write-ahead logs in {log / prediction_log.WAL} are not compacted;"
            " stop serve, and start this again when they are gone (a stopped serve compacts them)"
        )


def erase(log: Path, person: Person) -> dict[str, int]:
    """Take a person's rows out of a log; return how many of what.

    An erasure that was cut off is repeated: the rows that name the person go last.
    """
    places = {file: rows.find(file, person) for file in _predictions(log)}
    places = {file: where for file, where in places.items() if len(where)}
    requests = [rows.read(file, _REQUEST).to_pandas().iloc[where] for file, where in places.items()]
    outcomes = _erase_outcomes(log, pd.concat(requests)) if requests else 0
    counts = {prediction_log.SHADOW: 0, prediction_log.PREDICTIONS: 0}
    for file, where in places.items():
        rows.drop(file, where)
        counts[file.relative_to(log).parts[0]] += len(where)
    lines = _erase_lines(log, person)
    return {
        **{f"log {name}": count for name, count in counts.items()},
        "log outcomes": outcomes,
        "log lines": lines,
    }


def _predictions(log: Path) -> Iterator[Path]:
    for name in (prediction_log.SHADOW, prediction_log.PREDICTIONS):
        yield from sorted((log / name).glob("*/*/*.parquet"))


def _erase_outcomes(log: Path, requests: pd.DataFrame) -> int:
    """Take the outcomes of some rows of requests out."""
    wanted = pd.MultiIndex.from_frame(requests[_REQUEST])
    count = 0
    for file in sorted((log / prediction_log.GROUND_TRUTH).glob("*/*.parquet")):
        reported = pd.MultiIndex.from_frame(rows.read(file, _REQUEST).to_pandas()[_REQUEST])
        where = np.flatnonzero(reported.isin(wanted))
        if len(where):
            rows.drop(file, where)
            count += len(where)
    return count


def _erase_lines(log: Path, person: Person) -> int:
    """Take lines that could not be read out, where they name the person."""
    count = 0
    for file in sorted((log / prediction_log.UNREADABLE).glob("*")):
        lines = file.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
        kept = [line for line in lines if not person.words.search(line)]
        if len(kept) < len(lines):
            draft = file.with_suffix(".draft")
            draft.write_text("\n".join(kept), encoding="utf-8", errors="surrogateescape")
            draft.replace(file)
            count += len(lines) - len(kept)
    return count
