"""Tables of a database, asked for by a query."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import sqlalchemy
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from longhaul.errors import LonghaulError

CHUNK_ROWS = 100_000
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


def known(address: str) -> bool:
    """Whether an address is one of a database."""
    return bool(_SCHEME.match(address)) and re.split(r"[+:]", address)[0] in _KNOWN


def read(address: str, query: str, progress: Any) -> pd.DataFrame:
    """The rows that a query finds, asked for so many at a time.

    Parameters
    ----------
    address : str
        As SQLAlchemy writes it; ``${NAME}`` stands for a variable of the environment, so that no
        password gets into a file.
    query : str
    progress : callable
        Is told the number of rows of each chunk.

    Raises
    ------
    LonghaulError
        When the address is none, its driver is not installed, or the database refuses.
    """
    if not query:
        raise LonghaulError("query: a database needs one, such as SELECT * FROM customers")
    with _refusals(address):
        engine = sqlalchemy.create_engine(_resolve(address))
        try:
            with engine.connect().execution_options(stream_results=True) as connection:
                chunks = []
                for chunk in pd.read_sql_query(
                    sqlalchemy.text(query), connection, chunksize=CHUNK_ROWS
                ):
                    progress(len(chunk))
                    chunks.append(chunk)
        finally:
            engine.dispose()
    filled = [chunk for chunk in chunks if len(chunk)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def public(address: str) -> str:
    """An address without its password."""
    return _NAMED.sub("***", make_url(address).render_as_string(hide_password=True))


def _resolve(address: str) -> str:
    if (password := make_url(address).password) and not _NAMED.fullmatch(str(password)):
        raise LonghaulError(
            "source: a password in the problem file would be kept by MLflow for all to read; write"
            " ${NAME} instead, and set NAME in the environment"
        )
    missing = [name for name in _NAMED.findall(address) if name not in os.environ]
    if missing:
        raise LonghaulError(f"source: {missing[0]} is not set in the environment")
    return _NAMED.sub(lambda found: os.environ[found[1]], address)


@contextmanager
def _refusals(address: str) -> Iterator[None]:
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise LonghaulError(f"source: not the address of a database: {_line(error)}") from None
    except ImportError as error:
        hint = " (pip install 'psycopg[binary]')" if address.startswith("postgres") else ""
        raise LonghaulError(
            f"source: the driver of {address.partition(':')[0]} is missing: {_line(error)}{hint}"
        ) from None
    except (SQLAlchemyError, pd.errors.DatabaseError) as error:
        refusal = error if isinstance(error, SQLAlchemyError) else error.__cause__ or error
        raise LonghaulError(f"source: the database refuses: {_line(refusal)}") from None


def _line(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
