"""Tracking stores of their own for tests."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import mlflow
import pytest
from sqlalchemy import Engine, event


def do_not_sync() -> None:
    """Let SQLite not wait for the disk, in this process and its forks.

    Each of a stage's hundred commits waits for it several times. Processes are killed here, not
    machines: what was written is in the system's memory.
    """
    event.listen(Engine, "connect", _do_not_sync)


def _do_not_sync(connection: object, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def template(folder: Path) -> Path:
    """A SQLite store with MLflow's tables and no runs: making one takes seconds, a copy none."""
    path = folder / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


def put(folder: Path, empty: Path) -> None:
    """Put a copy of the store `empty` where ``mlflow run`` makes one in a user's folder."""
    shutil.copyfile(empty, folder / "mlflow.db")
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        place = (str(folder / "mlruns" / "0"),)
        database.execute("UPDATE experiments SET artifact_location = ?", place)
        database.commit()


@contextmanager
def use(folder: Path, empty: Path) -> Iterator[str]:
    """The URI of a copy of the store `empty`, in use by this process and its children."""
    shutil.copyfile(empty, folder / "mlflow.db")
    with _use(folder) as uri:
        mlflow.create_experiment("test", artifact_location=f"file://{folder}/artifacts")
        mlflow.set_experiment("test")
        yield uri


@contextmanager
def use_copy(folder: Path, kept: Path) -> Iterator[str]:
    """The URI of a copy of a store that was in use in the folder `kept`, artifacts and all."""
    shutil.copytree(kept / "artifacts", folder / "artifacts")
    shutil.copyfile(kept / "mlflow.db", folder / "mlflow.db")
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        for table, column in _texts(database):
            moved = f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?)'
            database.execute(
                f'{moved} WHERE instr("{column}", ?)', (*map(str, (kept, folder, kept)),)
            )
        database.commit()
    with _use(folder) as uri:
        mlflow.set_experiment("test")
        yield uri


def _texts(database: sqlite3.Connection) -> list[tuple[str, str]]:
    """Every table with each of its columns that may hold the path of an artifact."""
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [
        (table, column)
        for (table,) in tables
        for _, column, kind, *_ in database.execute(f'PRAGMA table_info("{table}")')
        if "CHAR" in kind.upper() or "TEXT" in kind.upper()
    ]


@contextmanager
def _use(folder: Path) -> Iterator[str]:
    """The URI of the store of a folder, in use by this process and its children."""
    before, uri = mlflow.get_tracking_uri(), f"sqlite:///{folder}/mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        mlflow.set_tracking_uri(uri)
        yield uri
        while mlflow.active_run():
            mlflow.end_run()
    mlflow.set_tracking_uri(before)
