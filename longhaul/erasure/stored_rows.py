"""Rows of a person in all that steps have stored: tables, predictions, documents, examples."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import mlflow
import pandas as pd
import pyarrow.parquet as pq

from longhaul.erasure import table_rows, texts
from longhaul.erasure.person import Person, written
from longhaul.erasure.stored_runs import PREDICTIONS, TABLE, StoredRun
from longhaul.erasure.table_rows import PersonRows
from longhaul.erasure.texts import Redaction

_REASON = "reason"
_CHUNK = 1 << 20


@dataclass
class StoredErasure:
    """Counts of rows taken out of a store, their periods, and files that still hold a value.

    Attributes
    ----------
    counts : Counter of str
    periods : set of str
        Of the tables that had the rows.
    left : list of str
        Files that still hold a value.
    """

    counts: Counter[str] = field(default_factory=Counter)
    periods: set[str] = field(default_factory=set)
    left: list[str] = field(default_factory=list)


def erase(person: Person, runs: Collection[StoredRun]) -> StoredErasure:
    """Take a person's rows out of the artifacts of runs, and note these anew.

    Tables go last: an erasure that was cut off is repeated, and finds in them what is to be done.

    Raises
    ------
    LonghaulError
        When predictions do not belong to the table that their run names.
    """
    erasure, touched = StoredErasure(), set[str]()
    tables = _find(person, runs)
    rows = [place.read() for place in tables.values()]
    people = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    for run in runs:
        count = _erase_predictions(run, tables)
        erasure.counts["predictions"] += count
        texts_redacted, examples = _redact(run, Redaction(person, _reasons(tables)), people)
        erasure.counts["documents"] += texts_redacted
        erasure.counts["input examples"] += examples
        if count or texts_redacted or examples or any(run.folder in f.parents for f in tables):
            touched.add(run.run.info.run_id)
    for file, place in tables.items():
        kind = "table" if file.parent.name == TABLE else file.parent.name
        erasure.counts[kind] += len(place.places)
        if kind == "table":
            erasure.periods.add(file.stem)
        place.drop()
    for run in runs:
        if run.run.info.run_id in touched:
            run.renew_manifest()
    erasure.left = holding([file for run in runs for file in _files(run)], person)
    return erasure


def _find(person: Person, runs: Collection[StoredRun]) -> dict[Path, PersonRows]:
    """Find the files of tables and of quarantined rows that have the person's."""
    located = {}
    for run in runs:
        for file in run.period_files(""):
            if PREDICTIONS not in file.relative_to(run.folder).parts:
                place = table_rows.find(file, person)
                if len(place.places):
                    located[file] = place
    return located


def _erase_predictions(run: StoredRun, tables: dict[Path, PersonRows]) -> int:
    """Take the predictions of the person's rows out of a run."""
    grouped: dict[str, list[Path]] = {}
    for file in run.period_files(PREDICTIONS):
        grouped.setdefault(file.name, []).append(file)
    table = run.table if grouped else None
    if table is None:
        return 0
    places = {name: tables[table / name] for name in grouped if table / name in tables}
    return sum(table_rows.drop_predictions(grouped[name], place) for name, place in places.items())


def _reasons(tables: dict[Path, PersonRows]) -> set[str]:
    """Return why the person's rows were quarantined, in words that no other row has."""
    removed, kept = list[str](), set[str]()
    for file, place in tables.items():
        for part, where in place.parts.items():
            if _REASON in pq.read_schema(part).names and file.parent.name != TABLE:
                reasons = pq.read_table(part, columns=[_REASON]).to_pandas()[_REASON].astype(str)
                removed += reasons.iloc[where].tolist()
                kept |= set(reasons.drop(reasons.index[where]))
    return texts.unique_reasons(removed, kept)


def _redact(run: StoredRun, redaction: Redaction, people: pd.DataFrame) -> tuple[int, int]:
    """Redact a run's documents and tags, and blank its models' examples; return how many."""
    documents = sum(redaction.apply_to_file(file) for file in _documents(run))
    for name, text in run.run.data.tags.items():
        redacted = redaction.apply(text)
        if redacted != text:
            mlflow.MlflowClient().set_tag(run.run.info.run_id, name, redacted)
            documents += 1
    examples = 0
    for folder in run.models.values():
        for file in (folder / name for name in texts.EXAMPLES):
            if file.exists():
                examples += texts.blank_example(file, people) if len(people) else 0
                documents += redaction.apply_to_file(file)
    return documents, examples


def _documents(run: StoredRun) -> Iterator[Path]:
    """Yield a run's documents; a model's own files have none of its rows but the examples."""
    models = set(run.models.values())
    for file in sorted(run.folder.rglob("*")):
        if file.suffix in texts.DOCUMENTS and file.is_file() and models.isdisjoint(file.parents):
            yield file


def holding(files: Collection[Path], person: Person) -> list[str]:
    """List the files that still hold a value, as it is written; empty for short numbers."""
    wanted = [form.encode() for text in person.distinct for form in written(text)]
    return [str(file) for file in files if _holds(file, wanted)]


def _files(run: StoredRun) -> Iterator[Path]:
    for folder in (run.folder, *run.models.values()):
        yield from (file for file in sorted(folder.rglob("*")) if file.is_file())


def _holds(file: Path, wanted: list[bytes]) -> bool:
    overlap = max(map(len, wanted), default=0)
    tail = b""
    with file.open("rb") as opened:
        while part := opened.read(_CHUNK):
            text = tail + part
            if any(value in text for value in wanted):
                return True
            tail = text[-overlap:]
    return False
