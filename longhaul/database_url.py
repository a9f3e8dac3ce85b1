"""Addresses of databases: passwords come from the environment, a refusal is one line."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import sqlalchemy
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from longhaul.errors import LonghaulError

_NAMED = re.compile(r"\$\{(\w+)\}")
_SCHEME = re.compile(r"^[a-z][a-z0-9]*(\+[a-z0-9_]+)?://")
_KNOWN = (
    "postgresql",
    "mysql",
    "mariadb",
    "sqlite",
    "mssql",
    "oracle",
    "duckdb",
    "snowflake",
    "bigquery",
    "redshift",
)


def is_database_url(address: str) -> bool:
    """Whether an address is one of a database."""
    return bool(_SCHEME.match(address)) and re.split(r"[+:]", address)[0] in _KNOWN


def hide_password(address: str) -> str:
    """An address without its password."""
    return _NAMED.sub("***", make_url(address).render_as_string(hide_password=True))


def resolve(address: str, what: str) -> str:
    """Put the password in from the environment.

    Parameters
    ----------
    address : str
        As SQLAlchemy writes it; ``${NAME}`` stands for a variable of the environment, so that no
        password gets into a file or a run. A password is given there as it is, not encoded.
    what : str
        The parameter, for the message.

    Raises
    ------
    LonghaulError
        When it holds a password itself, or the variable is not set.
    """
    password = make_url(address).password
    if password and not _NAMED.fullmatch(str(password)):
        raise LonghaulError(
            f"{what}: a password written here would be kept by MLflow for all to read; write"
            " ${NAME} instead, and set NAME in the environment"
        )
    missing = [name for name in _NAMED.findall(address) if name not in os.environ]
    if missing:
        raise LonghaulError(f"{what}: {missing[0]} is not set in the environment")
    # What signs a password has must not end it; whatever else is named may be several parts.
    secret = _NAMED.fullmatch(str(password))
    return _NAMED.sub(
        lambda found: (
            quote(os.environ[found[1]], safe="")
            if secret and found[1] == secret[1]
            else os.environ[found[1]]
        ),
        address,
    )


@contextmanager
def translate_errors(address: str, what: str) -> Iterator[None]:
    """Say in one line what SQLAlchemy, a driver or the database has against an address."""
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise LonghaulError(f"{what}: not the address of a database: {_line(error)}") from None
    except ImportError as error:
        hint = " (pip install 'psycopg[binary]')" if address.startswith("postgres") else ""
        raise LonghaulError(
            f"{what}: the driver of {address.partition(':')[0]} is missing: {_line(error)}{hint}"
        ) from None
    except SQLAlchemyError as error:
        raise LonghaulError(f"{what}: the database refuses: {_line(error)}") from None


def check_connection(address: str, what: str) -> None:
    """Connect once.

    Raises
    ------
    LonghaulError
        When that fails.
    """
    with translate_errors(address, what):
        engine = sqlalchemy.create_engine(address)
        try:
            engine.connect().close()
        finally:
            engine.dispose()


def _line(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
