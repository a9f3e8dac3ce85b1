"""JSON lines, read as a table: one object for each row."""

from typing import BinaryIO

import pyarrow as pa
import pyarrow.json as pj

from longhaul.errors import LonghaulError

_BLOCK = 1 << 24


def read(file: BinaryIO, name: str) -> pa.Table:
    """Read a file; texts stay texts, and a column that a row does not have is missing there.

    Raises
    ------
    LonghaulError
        When it is not JSON lines.
    """
    content = file.read()
    if not content.strip():
        raise LonghaulError(f"{name}: is empty")
    options = pj.ReadOptions(block_size=max(_BLOCK, len(content)))
    try:
        table = pj.read_json(pa.BufferReader(content), options)
        dated = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
        if dated:  # Arrow would drop offsets and fractions; the texts are read later
            schema = pa.schema([(column, pa.string()) for column in dated])
            table = pj.read_json(
                pa.BufferReader(content), options, pj.ParseOptions(explicit_schema=schema)
            )
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(
            f"{name}: cannot be read as JSON lines, one object for each row: {reason}"
        ) from None
    return table
