"""A real PostgreSQL of a test's own, on a free port, that can be stopped and started again."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy

from tests.ports import free_port

USER = "tester"


class Postgres:
    """A database server.

    Parameters
    ----------
    home : Path
        An empty folder.
    programs : Path
        The folder of PostgreSQL's programs.
    """

    def __init__(self, home: Path, programs: Path):
        self.home, self.port = home, free_port()
        self._programs = programs
        # PostgreSQL refuses to be run by root.
        root = os.geteuid() == 0
        self._as = ["setpriv", "--reuid=nobody", "--clear-groups"] if root else []
        if root:
            home.chmod(0o755)
            shutil.chown(home, "nobody")
        self._run("initdb", "-D", str(home / "data"), "-U", USER, "-A", "trust", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1"
        options += f" -c unix_socket_directories={self.home}"
        # Processes are killed here, machines are not: what was written is in the system's memory.
        options += " -c fsync=off -c full_page_writes=off"
        self._control("-l", str(self.home / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it, and break all connections."""
        self._control("-m", mode, "stop")

    def database(self, name: str) -> str:
        """Make a new database; its address."""
        engine = sqlalchemy.create_engine(self.address("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self.address(name)

    def guard(self, user: str, password: str) -> None:
        """Make a user who is asked for a password; the others are not."""
        engine = sqlalchemy.create_engine(self.address("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(
                sqlalchemy.text(f"CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{password}'")
            )
        engine.dispose()
        rules = self.home / "data" / "pg_hba.conf"
        first = f"host all {user} 127.0.0.1/32 scram-sha-256\n"
        rules.write_text(first + rules.read_text())
        self._control("reload")

    def address(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self.home / "data"), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as, str(self._programs / program), *arguments],
            check=True,
            cwd=self.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def running() -> Iterator[Postgres]:
    """A PostgreSQL for the length of a block; the test is skipped where there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb") or next((one / "initdb" for one in folders), None)
    if not found:
        pytest.skip("PostgreSQL is not installed")
    # Not below pytest's own folder, which is closed to other users.
    with tempfile.TemporaryDirectory(prefix="longhaul-postgres-") as home:
        postgres = Postgres(Path(home), Path(found).parent)
        postgres.start()
        try:
            yield postgres
        finally:
            postgres.stop("immediate")
