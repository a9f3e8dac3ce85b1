"""CSV and other delimited text, read as a table of texts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as pv

from longhaul.data import csv_layout, signatures
from longhaul.data.csv_layout import MOST_TITLES, CsvLayout
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
    signatures.refuse(head, name)
    for encoding in signatures.encodings(head, name):
        text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, "ignore")
        file.seek(0)
        try:
            layout = csv_layout.infer(text, name, complete)
            table, footer = _read_above_footer(file, layout, encoding, len(head), progress)
        except UnicodeDecodeError:
            continue
        except pa.ArrowInvalid as error:
            if encoding == "utf-8" and ("UTF8" in str(error) or "\ufffd" in str(error)):
                continue
            raise LonghaulError(f"{name}: cannot be read as CSV: {_reason(error)}") from None
        notes = []
        if encoding == "cp1252":
            notes.append(
                f"{name} is not UTF-8: read as {encoding}; if letters are wrong, save it as UTF-8"
            )
        if footer:
            shown = ", ".join(repr(line[:60]) for line in footer[:3])
            notes.append(f"{name}: what stands below the rows is left out: {shown}")
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


def _read_above_footer(
    file: BinaryIO, layout: CsvLayout, encoding: str, head: int, progress: Any
) -> tuple[pa.Table, list[str]]:
    """Return the table, and the lines without a separator below it: a few are no rows."""
    footer: list[str] = []

    def judge(row: Any) -> str:
        if row.actual_columns > 1 or len(footer) >= MOST_TITLES:
            return "error"
        footer.append(row.text.strip())
        return "skip"

    try:
        return _read(file, layout, encoding, head, progress), []
    except pa.ArrowInvalid as error:
        if "got 1:" not in str(error) or "\ufffd" in str(error) or len(layout.names) < 3:
            raise
        file.seek(0)
        table = _read(file, layout, encoding, head, progress, judge)
        if _last_lines(file, encoding, len(footer)) != footer:
            raise error from None
    return table, footer


def _read(
    file: BinaryIO,
    layout: CsvLayout,
    encoding: str,
    head: int,
    progress: Any,
    judge: Callable[[Any], str] | None = None,
) -> pa.Table:
    places = [str(place) for place in range(len(layout.names))]
    reader = pv.open_csv(
        pa.PythonFile(file, "r"),
        pv.ReadOptions(
            block_size=max(_BLOCK, head),
            encoding=encoding,
            skip_rows=layout.skip,
            column_names=places,
        ),
        pv.ParseOptions(
            delimiter=layout.separator, newlines_in_values=True, invalid_row_handler=judge
        ),
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


def _last_lines(file: BinaryIO, encoding: str, count: int) -> list[str]:
    """Return the last lines of a file that are not blank."""
    start = file.seek(0, 2) - _HEAD
    file.seek(max(0, start - start % 4))
    lines = [line.strip() for line in file.read().decode(encoding, "ignore").splitlines()]
    return [line for line in lines if line][-count:]


def _reason(error: Exception) -> str:
    reason = str(error).splitlines()[0].removeprefix("CSV parse error: ")[:300]
    if reason.startswith("Expected"):
        reason += "; write as many fields in each row, those with a separator in quotes"
    return reason
