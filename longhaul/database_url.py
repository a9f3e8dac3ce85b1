"""Database URLs: passwords come from the environment, errors are one line."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import sqlalchemy
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from longhaul.errors import LonghaulError

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SCHEME = re.compile(r"^[a-z][a-z0-9]*(\+[a-z0-9_]+)?://")
_BACKENDS = (
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
    """Return whether an address is the URL of a database."""
    return bool(_SCHEME.match(address)) and re.split(r"[+:]", address)[0] in _BACKENDS


def hide_password(address: str) -> str:
    """Return the URL with its password masked."""
    return _VARIABLE.sub("***", make_url(address).render_as_string(hide_password=True))


def resolve(address: str, what: str) -> str:
    """Replace each ``${NAME}`` of a URL by the environment variable of that name.

    Parameters
    ----------
    address : str
        SQLAlchemy's form. A password must be named, so that none gets into a file or a run; the
        variable holds it as it is, not URL-encoded.
    what : str
        Name of the parameter, for the message.

    Raises
    ------
    LonghaulError
        When the URL holds a password in clear, or the variable is not set.
    """
    password = make_url(address).password
    if password and not _VARIABLE.fullmatch(str(password)):
        raise LonghaulError(
            f"{what}: a password written here would be kept by MLflow for all to read; write"
            " ${NAME} instead, and set NAME in the environment"
        )
    missing = [name for name in _VARIABLE.findall(address) if name not in os.environ]
    if missing:
        raise LonghaulError(f"{what}: {missing[0]} is not set in the environment; set it first")
    # A password is encoded, so that none of its characters ends it; other variables may hold
    # several parts of a URL and are taken as they are.
    secret = _VARIABLE.fullmatch(str(password))
    return _VARIABLE.sub(
        lambda match: (
            quote(os.environ[match[1]], safe="")
            if secret and match[1] == secret[1]
            else os.environ[match[1]]
        ),
        address,
    )


@contextmanager
def translate_errors(address: str, what: str) -> Iterator[None]:
    """Turn errors of SQLAlchemy, a driver or the database into a LonghaulError of one line."""
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
    """Connect once, to see that the database answers.

    Raises
    ------
    LonghaulError
        When it does not.
    """
    with translate_errors(address, what):
        engine = sqlalchemy.create_engine(address)
        try:
            engine.connect().close()
        finally:
            engine.dispose()


def _line(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
