"""Settings of a tracking server."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from longhaul import database_url
from longhaul.errors import LonghaulError
from longhaul.tracking import store

ADMIN = "MLFLOW_AUTH_ADMIN_PASSWORD"


class ServerStorage(NamedTuple):
    """Storage of a tracking server.

    Attributes
    ----------
    folder : Path
        Holds the log, and the database and artifacts unless they are named.
    database : str
        URL with its password: runs, models and users.
    artifacts : str
        URI or folder; clients reach the artifacts through the server only.
    """

    folder: Path
    database: str
    artifacts: str


@dataclass(frozen=True)
class ServerSettings:
    """Settings of a tracking server.

    Attributes
    ----------
    storage : ServerStorage
    host : str
        Address to listen on.
    port : int
    workers : int
        Number of processes.
    allowed_hosts : tuple of str
        Host names that requests may carry; none: those that MLflow allows, local and private ones.
    users : bool
        Whether a name and a password are required.
    """

    storage: ServerStorage
    host: str
    port: int
    workers: int
    allowed_hosts: tuple[str, ...] = ()
    users: bool = True

    def __post_init__(self) -> None:
        if not self.users and not is_local(self.host):
            raise LonghaulError(
                f"host: {self.host} can be reached from other machines, so users=false is refused;"
                " set users=true, or host=127.0.0.1"
            )

    @property
    def url(self) -> str:
        """URL of the server for clients on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def resolve_storage(folder: str, database: str, artifacts: str, caller: Path) -> ServerStorage:
    """Resolve database and artifacts: as named, else in the folder.

    Parameters
    ----------
    folder, database, artifacts : str
        The latter two may be empty. A password in `database` is named: ``${NAME}``.
    caller : Path
        Base of relative paths.

    Raises
    ------
    LonghaulError
        When `database` is not the URL of a database, or its password is not in the environment.
    """
    home = caller / folder
    if database and not database_url.is_database_url(database):
        raise LonghaulError(
            "database: not an address such as postgresql://user:${PASSWORD}@host/name"
        )
    with database_url.translate_errors(database, "database"):
        url = (
            database_url.resolve(store.absolute_uri(database, caller), "database")
            if database
            else ""
        )
    location = str(caller / artifacts) if artifacts and "://" not in artifacts else artifacts
    return ServerStorage(
        home, url or f"sqlite:///{home / 'mlflow.db'}", location or str(home / "artifacts")
    )


def is_local(host: str) -> bool:
    """Return whether a host can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_admin(has_users: bool) -> None:
    """Refuse a server without users unless the administrator's first password is set.

    Raises
    ------
    LonghaulError
    """
    if not has_users and not os.environ.get(ADMIN):
        raise LonghaulError(
            f"users: this server has none yet; set {ADMIN} to the password for the user admin (12"
            " characters or more), or start it with users=false"
        )
