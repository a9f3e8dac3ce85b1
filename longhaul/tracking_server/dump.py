"""Databases as files: SQLite's and PostgreSQL's own ways, whole or not at all."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy
from sqlalchemy.engine import URL, make_url

from longhaul import database_url as addresses
from longhaul.errors import LonghaulError

NAMES = {"sqlite": "database.sqlite", "postgresql": "database.dump"}


def backend(address: str) -> str:
    """Which of `NAMES` a database is.

    Raises
    ------
    LonghaulError
        When it is another one.
    """
    backend = make_url(address).get_backend_name()
    if backend not in NAMES:
        raise LonghaulError(
            f"database: {backend} has tools of its own for this; Longhaul knows"
            f" {' and '.join(sorted(NAMES))}"
        )
    return backend


def write(address: str, folder: Path) -> Path:
    """Write all that a database holds, as of one moment, while others go on using it.

    Parameters
    ----------
    address : str
        With its password.
    folder : Path

    Returns
    -------
    Path
        The file, of one of `NAMES`.

    Raises
    ------
    LonghaulError
        When the database refuses, or PostgreSQL's tools are missing.
    """
    path = folder / NAMES[backend(address)]
    if backend(address) == "sqlite":
        if not _file(address).is_file():
            raise LonghaulError(f"database: there is no {_file(address)}")
        try:
            with (
                closing(sqlite3.connect(_file(address))) as source,
                closing(sqlite3.connect(path)) as copy,
            ):
                source.backup(copy)
        except sqlite3.Error as error:
            raise LonghaulError(f"database: {_file(address)}: {error}") from None
    else:
        addresses.check_connection(address, "database")
        _tool("pg_dump", address, "--format=custom", "--no-owner", f"--file={path}")
    return path


def read(folder: Path, address: str) -> None:
    """Fill an empty database with what `write` wrote.

    Raises
    ------
    LonghaulError
        When the folder has no such file, the database is not empty, or it refuses.
    """
    path = folder / NAMES[backend(address)]
    if not path.is_file():
        raise LonghaulError(f"{folder}: has no {path.name}: it is of another kind of database")
    require_empty(address)
    if backend(address) == "sqlite":
        target = _file(address)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}")
        shutil.copyfile(path, draft)
        draft.replace(target)
    else:
        _tool(
            *("pg_restore", address, "--no-owner", "--no-privileges", "--exit-on-error"),
            *("--single-transaction", str(path)),
        )


def require_empty(address: str) -> None:
    """Refuse a database that has tables: nothing is ever overwritten.

    Raises
    ------
    LonghaulError
    """
    if backend(address) == "sqlite":
        empty = not _file(address).exists()
    else:
        addresses.check_connection(address, "database")
        engine = sqlalchemy.create_engine(address)
        empty = not sqlalchemy.inspect(engine).get_table_names()
        engine.dispose()
    if not empty:
        raise LonghaulError(
            f"database: {addresses.hide_password(address)} is not empty; name a new one to restore into"
        )


def _file(address: str) -> Path:
    return Path(make_url(address).database or "")


def _tool(name: str, address: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools; the password goes by the environment."""
    url = make_url(address)
    found = shutil.which(name)
    if found is None:
        raise LonghaulError(f"{name} is not on the PATH; it comes with PostgreSQL's client")
    answer = subprocess.run(
        [found, f"--dbname={_plain(url)}", *arguments],
        env={**os.environ, "PGPASSWORD": url.password or ""},
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        said = answer.stderr.strip().splitlines() or [f"it ended with code {answer.returncode}"]
        raise LonghaulError(f"{name}: {said[0].removeprefix(f'{name}: ')}")


def _plain(url: URL) -> str:
    """As PostgreSQL's tools write an address, without the password."""
    return url.set(drivername="postgresql", password=None).render_as_string()
