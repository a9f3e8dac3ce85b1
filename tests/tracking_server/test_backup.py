"""Backups are whole or not there, and never overwrite."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from longhaul.errors import LonghaulError
from longhaul.tracking_server import backup, dump
from longhaul.tracking_server.settings import ServerStorage, resolve_storage


@pytest.fixture
def store(tmp_path: Path) -> ServerStorage:
    """A server's folder with a database of one row and one artifact."""
    found = resolve_storage("server", "", "", tmp_path)
    (found.folder / "artifacts" / "0").mkdir(parents=True)
    (found.folder / "artifacts" / "0" / "x.txt").write_text("x")
    with closing(sqlite3.connect(found.folder / "mlflow.db")) as database:
        database.execute("CREATE TABLE t (a)")
        database.execute("INSERT INTO t VALUES (7)")
        database.commit()
    return found


def test_there_and_back(store: ServerStorage, tmp_path: Path) -> None:
    """The same rows and files, in another folder."""
    made = backup.create(store, tmp_path / "b")
    assert (made.files, made.bytes, made.database) == (1, 1, "database.sqlite")
    other = resolve_storage("other", "", "", tmp_path)
    assert backup.restore(tmp_path / "b", other) == made
    assert (other.folder / "artifacts" / "0" / "x.txt").read_text() == "x"
    with closing(sqlite3.connect(other.folder / "mlflow.db")) as database:
        assert database.execute("SELECT a FROM t").fetchall() == [(7,)]


def test_while_another_writes(store: ServerStorage, tmp_path: Path) -> None:
    """What is not committed is not in it."""
    with closing(sqlite3.connect(store.folder / "mlflow.db")) as database:
        database.execute("INSERT INTO t VALUES (8)")
        backup.create(store, tmp_path / "b")
        database.rollback()
    with closing(sqlite3.connect(tmp_path / "b" / "database.sqlite")) as database:
        assert database.execute("SELECT a FROM t").fetchall() == [(7,)]


def test_nothing_is_overwritten(store: ServerStorage, tmp_path: Path) -> None:
    """Neither a backup, nor a database, nor artifacts."""
    backup.create(store, tmp_path / "b")
    with pytest.raises(LonghaulError, match="exists and is not empty"):
        backup.create(store, tmp_path / "b")
    with pytest.raises(LonghaulError, match="is not empty; name a new one to restore into"):
        backup.restore(tmp_path / "b", store)
    (store.folder / "mlflow.db").unlink()
    with pytest.raises(LonghaulError, match="artifacts: exists and is not empty"):
        backup.restore(tmp_path / "b", store)
    assert not (store.folder / "mlflow.db").exists()


def test_a_backup_that_is_not_whole_is_refused(store: ServerStorage, tmp_path: Path) -> None:
    """Before anything is written."""
    backup.create(store, tmp_path / "b")
    (tmp_path / "b" / "artifacts" / "0" / "x.txt").unlink()
    other = resolve_storage("other", "", "", tmp_path)
    with pytest.raises(LonghaulError, match="incomplete: 0 artifacts"):
        backup.restore(tmp_path / "b", other)
    assert not other.folder.exists()
    for text in ("", "{}", json.dumps({"made": 1})):
        (tmp_path / "b" / "backup.json").write_text(text)
        with pytest.raises(LonghaulError, match=r"not a backup of Longhaul"):
            backup.restore(tmp_path / "b", other)


def test_a_backup_that_fails_leaves_nothing(store: ServerStorage, tmp_path: Path) -> None:
    """A database that is none."""
    (store.folder / "mlflow.db").write_text("this is no database, " * 100)
    with pytest.raises(LonghaulError, match="database"):
        backup.create(store, tmp_path / "b")
    (store.folder / "mlflow.db").unlink()
    with pytest.raises(LonghaulError, match=r"there is no .*mlflow\.db"):
        backup.create(store, tmp_path / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["server"]


def test_of_another_kind(store: ServerStorage, tmp_path: Path) -> None:
    """A dump of SQLite is none of PostgreSQL; others have tools of their own."""
    backup.create(store, tmp_path / "b")
    with pytest.raises(LonghaulError, match="of another kind of database"):
        dump.read(tmp_path / "b", "postgresql://u@127.0.0.1:1/d")
    with pytest.raises(LonghaulError, match="for mysql, use its own tools"):
        dump.write("mysql+pymysql://u@127.0.0.1:1/d", tmp_path)
