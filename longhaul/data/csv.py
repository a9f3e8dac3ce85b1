"""CSV and other delimited text, read as a table of texts."""

from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as pv

from longhaul.data import csv_layout
from longhaul.data.csv_layout import CsvLayout
from longhaul.errors import LonghaulError

_HEAD, _LARGEST_HEAD = 1 << 16, 1 << 25
_LINES = 20  # so many are looked at, if the file has them
_BLOCK = 1 << 22


@dataclass(frozen=True)
class CsvTable:
    """Table of texts.

    Attributes
    ----------
    table : pyarrow.Table of strings
        With null where nothing is written.
    notes : list of str
        What had to be assumed.
    separator : str
    """

    table: pa.Table
    notes: list[str]
    separator: str


def read(file: BinaryIO, name: str, progress: Any) -> CsvTable:
    """Read a file block by block: every column as text.

    Parameters
    ----------
    file : binary file
        Seekable.
    name : str
        Of the file, for errors.
    progress : callable
        Called with the number of bytes of each block.

    Raises
    ------
    LonghaulError
        When it is empty, a row has more or fewer fields than the header, two columns have the same
        name, or the encoding is neither UTF-8, UTF-16 nor cp1252.
    """
    head, complete = _head(file)
    if not head.strip():
        raise LonghaulError(f"{name}: is empty")
    encodings = ["utf-16"] if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else ["utf-8", "cp1252"]
    for encoding in encodings:
        text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, "ignore")
        file.seek(0)
        try:
            layout = csv_layout.infer(text, name, complete)
            table = _read(file, layout, encoding, len(head), progress)
        except UnicodeDecodeError:
            continue
        except pa.ArrowInvalid as error:
            if encoding == "utf-8" and "UTF8" in str(error):
                continue
            raise LonghaulError(f"{name}: cannot be read as CSV: {_reason(error)}") from None
        notes = [f"{name} is not UTF-8: read as {encoding}"] if encoding == "cp1252" else []
        return CsvTable(table, [*notes, *layout.notes], layout.separator)
    raise LonghaulError(f"{name}: cannot be read as text: it is neither UTF-8, UTF-16 nor cp1252")


def _head(file: BinaryIO) -> tuple[bytes, bool]:
    """Read the first lines, however long they are, and whether they are all of the file."""
    head = b""
    while len(head) < _LARGEST_HEAD and (head.count(b"\n") < _LINES or len(head) < _HEAD):
        part = file.read(max(_HEAD, len(head)))
        if not part:
            return head, True
        head += part
    return head, False


def _read(file: BinaryIO, layout: CsvLayout, encoding: str, head: int, progress: Any) -> pa.Table:
    places = [str(place) for place in range(len(layout.names))]
    reader = pv.open_csv(
        pa.PythonFile(file, "r"),
        pv.ReadOptions(
            block_size=max(_BLOCK, head),
            encoding=encoding,
            skip_rows=layout.skip,
            column_names=places,
        ),
        pv.ParseOptions(delimiter=layout.separator, newlines_in_values=True),
        pv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    blocks = []
    for block in reader:
        progress(block.nbytes)
        blocks.append(block)
    table = pa.Table.from_batches(blocks, reader.schema).rename_columns(layout.names)
    if not layout.trailing:
        return table
    if table.num_rows > table.column(table.num_columns - 1).null_count:
        raise pa.ArrowInvalid("rows have more fields than the header has names")
    return table.remove_column(table.num_columns - 1)


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].removeprefix("CSV parse error: ")[:300]
