"""Query of a database, read in chunks."""

from typing import Any

import pandas as pd
import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from longhaul import database_url
from longhaul.errors import LonghaulError

CHUNK_ROWS = 100_000


def read(address: str, query: str, progress: Any) -> pd.DataFrame:
    """Read the rows of a query, chunk by chunk.

    Parameters
    ----------
    address : str
        A database URL; see `longhaul.database_url.resolve`.
    query : str
    progress : callable
        Called with the number of rows of each chunk.

    Raises
    ------
    LonghaulError
        When the address is not valid, its driver is not installed, or the database refuses.
    """
    if not query:
        raise LonghaulError("query: a database needs one, such as SELECT * FROM customers")
    with database_url.translate_errors(address, "source"):
        engine = sqlalchemy.create_engine(database_url.resolve(address, "source"))
        try:
            chunks = list(_chunks(engine, query, progress))
        finally:
            engine.dispose()
    filled = [chunk for chunk in chunks if len(chunk)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _chunks(engine: sqlalchemy.Engine, query: str, progress: Any) -> Any:
    try:
        with engine.connect().execution_options(stream_results=True) as connection:
            for chunk in pd.read_sql_query(
                sqlalchemy.text(query), connection, chunksize=CHUNK_ROWS
            ):
                progress(len(chunk))
                yield chunk
    except pd.errors.DatabaseError as error:
        if isinstance(error.__cause__, SQLAlchemyError):
            raise error.__cause__ from None
        raise LonghaulError(f"source: the database refuses: {str(error).splitlines()[0]}") from None
