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

from longhaul.errors import LonghaulError
from longhaul.tracking.mlflow_internals import get_artifact_repository
from longhaul.tracking_server import artifacts, dump
from longhaul.tracking_server.settings import ServerStorage

ARTIFACTS, MANIFEST = "artifacts", "backup.json"


@dataclass(frozen=True)
class BackupManifest:
    """Content of a backup, as its manifest says.

    Attributes
    ----------
    made : str
        Time of its beginning: UTC, ISO 8601.
    mlflow : str
        Version of MLflow that the database belongs to.
    database : str
        Name of its file.
    files : int
        Number of artifacts.
    bytes : int
        Their size together.
    """

    made: str
    mlflow: str
    database: str
    files: int
    bytes: int

    def __str__(self) -> str:
        size = f"{self.bytes / 1e6:,.1f} MB"
        return f"database and {self.files:,} artifacts ({size}) of {self.made[:16]} UTC"


def create(storage: ServerStorage, folder: Path) -> BackupManifest:
    """Copy a server's database and artifacts while it runs.

    The database is copied first. An artifact never changes once its run has ended, so the artifacts
    copied afterwards are all that the database names, and perhaps some more.

    Parameters
    ----------
    storage : ServerStorage
    folder : Path
        A new one; it appears when the backup is complete.

    Raises
    ------
    LonghaulError
        When the folder exists, or anything cannot be read.
    """
    made = datetime.now(UTC).isoformat(timespec="seconds")
    with _draft(folder) as draft:
        name = dump.write(storage.database, draft).name
        copy = draft / ARTIFACTS
        copy.mkdir()
        if "://" in storage.artifacts:
            with artifacts.translate_errors(storage.artifacts):
                get_artifact_repository(storage.artifacts).download_artifacts("", str(copy))
        elif Path(storage.artifacts).is_dir():
            shutil.copytree(storage.artifacts, copy, dirs_exist_ok=True)
        backup = BackupManifest(made, mlflow.__version__, name, *_measure(copy))
        (draft / MANIFEST).write_text(json.dumps(asdict(backup), indent=2) + "\n", encoding="utf-8")
    return backup


def restore(folder: Path, storage: ServerStorage) -> BackupManifest:
    """Restore a backup into an empty database and an empty artifact location.

    Parameters
    ----------
    folder : Path
    storage : ServerStorage

    Raises
    ------
    LonghaulError
        When the folder is no backup or an incomplete one, or a destination is not empty.
    """
    backup = _read(folder)
    dump.require_empty(storage.database)
    if "://" in storage.artifacts:
        with artifacts.translate_errors(storage.artifacts):
            repository = get_artifact_repository(storage.artifacts)
            if repository.list_artifacts():
                raise LonghaulError(
                    f"artifacts: {storage.artifacts} is not empty; name a new location"
                )
            repository.log_artifacts(str(folder / ARTIFACTS))
        dump.read(folder, storage.database)
    else:
        with _draft(Path(storage.artifacts)) as draft:
            shutil.copytree(folder / ARTIFACTS, draft, dirs_exist_ok=True)
            dump.read(folder, storage.database)
    return backup


def _read(folder: Path) -> BackupManifest:
    try:
        backup = BackupManifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise LonghaulError(
            f"{folder}: not a backup of Longhaul: it has no valid {MANIFEST}; name a folder that"
            " backup made"
        ) from None
    measured = _measure(folder / ARTIFACTS)
    if measured != (backup.files, backup.bytes) or not (folder / backup.database).is_file():
        raise LonghaulError(
            f"{folder}: incomplete: {measured[0]:,} artifacts of {measured[1]:,} bytes, where"
            f" {backup.files:,} of {backup.bytes:,} were backed up; restore from another backup"
        )
    return backup


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """Yield a draft that becomes the folder when the block ends; an empty folder is replaced."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LonghaulError(f"{folder}: exists and is not empty; name a new one")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".longhaul-", dir=folder.parent) as temporary:
        draft = Path(temporary) / folder.name
        draft.mkdir()
        yield draft
        draft.replace(folder)


def _measure(folder: Path) -> tuple[int, int]:
    """Return the number of files in a folder, and their size in bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
