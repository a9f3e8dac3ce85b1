"""SQL of DuckDB: names, literals and the files that are read."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

_TYPES = {
    pa.types.is_boolean: "BOOLEAN",
    pa.types.is_integer: "BIGINT",
    pa.types.is_floating: "DOUBLE",
    pa.types.is_timestamp: "TIMESTAMP",
}


def name(column: str) -> str:
    """Quote the name of a column."""
    return '"' + column.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Write a text, a truth value or a number."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value).upper() if isinstance(value, bool) else repr(value)


def parquet(files: Sequence[Path]) -> str:
    """Write the function that reads some Parquet files."""
    return f"read_parquet([{', '.join(literal(str(file)) for file in files)}])"


def data_type(arrow: pa.DataType) -> str:
    """Return the type that holds a column of Arrow; text for all but truth, number and time."""
    return next((named for is_type, named in _TYPES.items() if is_type(arrow)), "VARCHAR")
