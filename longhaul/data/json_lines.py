"""JSON lines, and JSON of one list, read as a table: one object for each row."""

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from longhaul.errors import LonghaulError
from longhaul.features.number_inference import EXACT

_BLOCK = 1 << 24
_GAP = re.compile(r"\s*")


class _Literal(str):
    """Number as it is written."""


def read(file: BinaryIO, name: str) -> pa.Table:
    """Read a file; texts stay texts, and a column that a row does not have is missing there.

    A column of numbers and texts is one of texts, and so is one of whole numbers that floats do
    not keep.

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
    except pa.ArrowInvalid:
        return _read_plainly(content, name)
    return _read_plainly(content, name) if any(map(_is_rounded, table.columns)) else table


def _is_rounded(column: pa.ChunkedArray) -> bool:
    """Return whether a column of floats may hold whole numbers that were not exact."""
    return bool(
        pa.types.is_floating(column.type) and pc.any(pc.greater(pc.abs(column), EXACT)).as_py()
    )


def _read_plainly(content: bytes, name: str) -> pa.Table:
    """Read with Python's own reader, which keeps every number as it is written."""
    try:
        rows = list(_rows(content.decode(json.detect_encoding(content))))
    except (ValueError, RecursionError) as error:
        raise LonghaulError(
            f"{name}: cannot be read as JSON lines, one object for each row: {error}"
        ) from None
    odd = next((row for row in rows if not isinstance(row, dict)), None)
    if odd is not None or not rows:
        raise LonghaulError(
            f"{name}: cannot be read as JSON lines, one object for each row: {str(odd)[:60]}"
        )
    names = list(dict.fromkeys(column for row in rows for column in row))
    return pa.table({column: _array([row.get(column) for row in rows]) for column in names})


def _rows(text: str) -> Iterator[Any]:
    """Return the objects of a list, or those that stand one behind the other."""
    decoder = json.JSONDecoder(
        parse_int=_Literal, parse_float=_Literal, parse_constant=lambda _: None
    )
    text, place = text.removeprefix("\ufeff").strip(), 0
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        place = _GAP.match(text, place).end()  # type: ignore[union-attr]
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _array(values: list[Any]) -> pa.Array:
    """Convert values of one type to that type, of several to text."""
    present = {type(value) for value in values if value is not None}
    if present == {_Literal}:
        return _numbers(values)
    if present <= {str} or present == {bool}:
        return pa.array(values)
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _numbers(values: list[Any]) -> pa.Array:
    """Convert numbers as they are written; to text, where a whole one is not exact as a float."""
    present = [value for value in values if value is not None]
    integers = [value for value in present if value.lstrip("-").isdigit()]
    if any(abs(int(value)) > EXACT for value in integers):
        return pa.array(values, pa.string())
    kind, convert = (pa.int64(), int) if len(integers) == len(present) else (pa.float64(), float)
    return pa.array([None if value is None else convert(value) for value in values], kind)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
