"""Query of a database, read in chunks."""

from collections import Counter
from collections.abc import Iterator
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
        A colon in it is a colon.
    progress : callable
        Called with the number of rows of each chunk.

    Returns
    -------
    DataFrame
        Of the values as the driver gives them: whole numbers are exact, also beside gaps.

    Raises
    ------
    LonghaulError
        When the address is not valid, its driver is not installed, the database refuses, or two
        columns have the same name.
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


def _chunks(engine: sqlalchemy.Engine, query: str, progress: Any) -> Iterator[pd.DataFrame]:
    literal = query.replace("\\:", ":").replace(":", "\\:")  # a colon would begin a parameter
    with engine.connect().execution_options(stream_results=True) as connection:
        try:
            result = connection.execute(sqlalchemy.text(literal))
            names = _names(list(result.keys()))
            for rows in result.partitions(CHUNK_ROWS):
                progress(len(rows))
                yield _frame(names, rows)
        except SQLAlchemyError:
            raise
        except LonghaulError:
            raise
        except Exception as error:  # a driver has errors of its own
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise LonghaulError(f"source: the database refuses: {reason}") from None


def _names(names: list[str]) -> list[str]:
    """Return the names of the columns; refuse two of one name."""
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise LonghaulError(
            f"query: two columns are called {twice!r}; name the columns instead of *, or rename"
            f" one: SELECT a.{twice} AS a_{twice}"
        )
    return names


def _frame(names: list[str], rows: Any) -> pd.DataFrame:
    """Build a table; a column with gaps stays as it is, so that no whole number becomes a float."""
    columns = zip(*rows, strict=True)
    return pd.DataFrame(
        {name: _narrow(values) for name, values in zip(names, columns, strict=True)}
    )


def _narrow(values: Any) -> pd.Series:
    """Convert Python values of one type, without gaps, to that type."""
    column, types = pd.Series(values, dtype=object), set(map(type, values))
    if types in ({int}, {bool}):
        return column.infer_objects()
    return column.astype(float) if types in ({float}, {float, type(None)}) else column
