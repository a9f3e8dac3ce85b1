"""Dumps of SQLite and PostgreSQL databases to a file, and their restoration."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy
from sqlalchemy.engine import URL, make_url

from longhaul import database_url
from longhaul.errors import LonghaulError

NAMES = {"sqlite": "database.sqlite", "postgresql": "database.dump"}


def backend(address: str) -> str:
    """Return the backend of a database: one of `NAMES`.

    Raises
    ------
    LonghaulError
        When it is none of them.
    """
    name = make_url(address).get_backend_name()
    if name not in NAMES:
        raise LonghaulError(
            f"database: Longhaul backs up {' and '.join(sorted(NAMES))}; for {name}, use"
            " its own tools"
        )
    return name


def write(address: str, folder: Path) -> Path:
    """Dump a database as of one moment, while it is in use.

    Parameters
    ----------
    address : str
        URL with its password.
    folder : Path

    Returns
    -------
    Path
        The file, with one of the names in `NAMES`.

    Raises
    ------
    LonghaulError
        When the database refuses, or PostgreSQL's tools are missing.
    """
    path = folder / NAMES[backend(address)]
    if backend(address) == "sqlite":
        if not _file(address).is_file():
            raise LonghaulError(f"database: there is no {_file(address)}; nothing to back up")
        try:
            with (
                closing(sqlite3.connect(_file(address))) as source,
                closing(sqlite3.connect(path)) as copy,
            ):
                source.backup(copy)
        except sqlite3.Error as error:
            raise LonghaulError(f"database: {_file(address)}: {error}") from None
    else:
        database_url.check_connection(address, "database")
        _tool("pg_dump", address, "--format=custom", "--no-owner", f"--file={path}")
    return path


def read(folder: Path, address: str) -> None:
    """Restore a dump into an empty database.

    Raises
    ------
    LonghaulError
        When the folder has no such file, the database is not empty, or it refuses.
    """
    path = folder / NAMES[backend(address)]
    if not path.is_file():
        raise LonghaulError(
            f"{folder}: has no {path.name}: it is the backup of another kind of database"
        )
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
    """Refuse a database that has tables, so that nothing is overwritten.

    Raises
    ------
    LonghaulError
    """
    if backend(address) == "sqlite":
        empty = not _file(address).exists()
    else:
        database_url.check_connection(address, "database")
        engine = sqlalchemy.create_engine(address)
        empty = not sqlalchemy.inspect(engine).get_table_names()
        engine.dispose()
    if not empty:
        raise LonghaulError(
            f"database: {database_url.hide_password(address)} is not empty; name a"
            " new one to restore into"
        )


def _file(address: str) -> Path:
    return Path(make_url(address).database or "")


def _tool(name: str, address: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools; it gets the password from the environment."""
    url = make_url(address)
    program = shutil.which(name)
    if program is None:
        raise LonghaulError(f"{name} is not on the PATH; install PostgreSQL's client")
    process = subprocess.run(
        [program, f"--dbname={_without_password(url)}", *arguments],
        env={**os.environ, "PGPASSWORD": url.password or ""},
        capture_output=True,
        text=True,
    )
    if process.returncode:
        lines = process.stderr.strip().splitlines() or [f"it ended with code {process.returncode}"]
        raise LonghaulError(f"{name}: {lines[0].removeprefix(f'{name}: ')}")


def _without_password(url: URL) -> str:
    """Return a URL as PostgreSQL's tools read it, without the password."""
    return url.set(drivername="postgresql", password=None).render_as_string()
