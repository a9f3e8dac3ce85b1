"""Backups of a tracking server: its database and its artifacts, in one folder."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import mlflow
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from longhaul.errors import LonghaulError
from longhaul.tracking_server import artifacts, dump
from longhaul.tracking_server.settings import ServerStorage

ARTIFACTS, RECORD = "artifacts", "backup.json"


@dataclass(frozen=True)
class BackupManifest:
    """What a backup holds.

    Attributes
    ----------
    made : str
        When it was begun: UTC, ISO 8601.
    mlflow : str
        The version that the database is of.
    database : str
        The name of its file.
    files : int
        How many artifacts there are.
    bytes : int
        How large they are together.
    """

    made: str
    mlflow: str
    database: str
    files: int
    bytes: int

    def __str__(self) -> str:
        size = f"{self.bytes / 1e6:,.1f} MB"
        return f"database and {self.files:,} artifacts ({size}) of {self.made[:16]} UTC"


def create(store: ServerStorage, folder: Path) -> BackupManifest:
    """Copy a server's database and artifacts while it works.

    The database comes first. An artifact is never changed once its run has ended, so those copied
    afterwards are all that the database speaks of, and perhaps some more.

    Parameters
    ----------
    store : Store
    folder : Path
        New; it appears when the backup is whole.

    Raises
    ------
    LonghaulError
        When the folder exists, or anything cannot be read.
    """
    made = datetime.now(UTC).isoformat(timespec="seconds")
    with _whole(folder) as draft:
        name = dump.write(store.database, draft).name
        copy = draft / ARTIFACTS
        copy.mkdir()
        if "://" in store.artifacts:
            with artifacts.translate_errors(store.artifacts):
                get_artifact_repository(store.artifacts).download_artifacts("", str(copy))
        elif Path(store.artifacts).is_dir():
            shutil.copytree(store.artifacts, copy, dirs_exist_ok=True)
        backup = BackupManifest(made, mlflow.__version__, name, *_measure(copy))
        (draft / RECORD).write_text(json.dumps(asdict(backup), indent=2) + "\n", encoding="utf-8")
    return backup


def restore(folder: Path, store: ServerStorage) -> BackupManifest:
    """Fill an empty database and an empty place for artifacts from a backup.

    Parameters
    ----------
    folder : Path
    store : Store

    Raises
    ------
    LonghaulError
        When the folder is no backup or not whole, or there is something where it is to go.
    """
    backup = _read(folder)
    dump.require_empty(store.database)
    if "://" in store.artifacts:
        with artifacts.translate_errors(store.artifacts):
            repository = get_artifact_repository(store.artifacts)
            if repository.list_artifacts():
                raise LonghaulError(f"artifacts: {store.artifacts} is not empty; name a new place")
            repository.log_artifacts(str(folder / ARTIFACTS))
        dump.read(folder, store.database)
    else:
        with _whole(Path(store.artifacts)) as draft:
            shutil.copytree(folder / ARTIFACTS, draft, dirs_exist_ok=True)
            dump.read(folder, store.database)
    return backup


def _read(folder: Path) -> BackupManifest:
    try:
        backup = BackupManifest(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise LonghaulError(f"{folder}: no backup of Longhaul's: it has no {RECORD}") from None
    found = _measure(folder / ARTIFACTS)
    if found != (backup.files, backup.bytes) or not (folder / backup.database).is_file():
        raise LonghaulError(
            f"{folder}: not whole: {found[0]:,} artifacts of {found[1]:,} bytes, where"
            f" {backup.files:,} of {backup.bytes:,} were kept"
        )
    return backup


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A draft that becomes the folder when the block ends well; an empty folder may be there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LonghaulError(f"{folder}: exists and is not empty; name a new one")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".longhaul-", dir=folder.parent) as temporary:
        draft = Path(temporary) / folder.name
        draft.mkdir()
        yield draft
        draft.replace(folder)


def _measure(folder: Path) -> tuple[int, int]:
    """How many files there are, and how many bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
