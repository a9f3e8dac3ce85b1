"""What a tracking server is told when it starts."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from longhaul import database_url as addresses
from longhaul.errors import LonghaulError
from longhaul.tracking import store

ADMIN = "MLFLOW_AUTH_ADMIN_PASSWORD"


class ServerStorage(NamedTuple):
    """Where a tracking server keeps things.

    Attributes
    ----------
    folder : Path
        Its log, and the database and artifacts that are not named.
    database : str
        Address, with its password: runs and models, and users where there are any.
    artifacts : str
        Address or folder; clients reach them through the server only.
    """

    folder: Path
    database: str
    artifacts: str


@dataclass(frozen=True)
class ServerSettings:
    """The settings of a tracking server.

    Attributes
    ----------
    store : Store
    host : str
        Where to listen.
    port : int
    workers : int
        Processes that answer.
    names : tuple of str
        By which it may be called; none: those that MLflow allows, which are local and private.
    users : bool
        Whether a name and a password are asked for.
    """

    store: ServerStorage
    host: str
    port: int
    workers: int
    names: tuple[str, ...] = ()
    users: bool = True

    def __post_init__(self) -> None:
        if not self.users and not is_local(self.host):
            raise LonghaulError(
                f"host: {self.host} can be reached by others, so users=false is refused"
            )

    @property
    def url(self) -> str:
        """Where clients on this machine find it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def resolve_storage(folder: str, database: str, artifacts: str, caller: Path) -> ServerStorage:
    """Where things are kept: as named, or in the folder; relative paths start at the caller's.

    Parameters
    ----------
    folder, database, artifacts : str
        The latter two may be empty. A password in `database` is named: ``${NAME}``.
    caller : Path

    Raises
    ------
    LonghaulError
        When `database` is not the address of one, or its password is not in the environment.
    """
    home = caller / folder
    if database and not addresses.is_database_url(database):
        raise LonghaulError(
            "database: not an address such as postgresql://user:${PASSWORD}@host/name"
        )
    with addresses.translate_errors(database, "database"):
        found = addresses.resolve(store.absolute_uri(database, caller), "database") if database else ""
    kept = str(caller / artifacts) if artifacts and "://" not in artifacts else artifacts
    return ServerStorage(home, found or f"sqlite:///{home / 'mlflow.db'}", kept or str(home / "artifacts"))


def is_local(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_admin(known: bool) -> None:
    """Ask for the administrator's first password where there is none yet.

    Raises
    ------
    LonghaulError
    """
    if not known and not os.environ.get(ADMIN):
        raise LonghaulError(
            f"users: this server has none yet; set {ADMIN} to the password that the user admin is"
            " to have (12 characters or more), or start it with users=false"
        )
