"""CSV and other delimited text, read as a table of texts."""

import csv
import io
from collections import Counter
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as pv

from longhaul.errors import LonghaulError
from longhaul.features.formats import BLANK

_HEAD = 1 << 16
_BLOCK = 1 << 22
_SEPARATORS = ",;\t|"
_SPELT = sorted({spelt for blank in BLANK for spelt in (blank, blank.upper(), blank.title())})
_BLANKS = [*_SPELT, "NaN", "<NA>", "#N/A"]


def read(file: BinaryIO, name: str, progress: Any) -> tuple[pa.Table, list[str]]:
    """Read a file block by block: every column as text, with null where nothing is written.

    Parameters
    ----------
    file : binary file
        Seekable.
    name : str
        Of the file, for errors.
    progress : callable
        Called with the number of bytes of each block.

    Returns
    -------
    table : pyarrow.Table of strings
    notes : list of str
        What had to be assumed.

    Raises
    ------
    LonghaulError
        When it is empty, a row has more or fewer fields than the header, two columns have the same
        name, or the encoding is neither UTF-8, UTF-16 nor cp1252.
    """
    head = file.read(_HEAD)
    if not head.strip():
        raise LonghaulError(f"{name}: is empty")
    encodings = ["utf-16"] if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else ["utf-8", "cp1252"]
    for encoding in encodings:
        file.seek(0)
        try:
            table = _read(file, name, encoding, head, progress)
        except UnicodeDecodeError:
            continue
        except pa.ArrowInvalid as error:
            if encoding == "utf-8" and "UTF8" in str(error):
                continue
            raise LonghaulError(f"{name}: cannot be read as CSV: {_reason(error)}") from None
        return table, [f"{name} is not UTF-8: read as {encoding}"] if encoding == "cp1252" else []
    raise LonghaulError(f"{name}: cannot be read as text: it is neither UTF-8, UTF-16 nor cp1252")


def _read(file: BinaryIO, name: str, encoding: str, head: bytes, progress: Any) -> pa.Table:
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, "ignore")
    separator = _separator(text)
    names = next(csv.reader(io.StringIO(text), delimiter=separator))
    reader = pv.open_csv(
        pa.PythonFile(file, "r"),
        pv.ReadOptions(block_size=_BLOCK, encoding=encoding),
        pv.ParseOptions(delimiter=separator, newlines_in_values=True),
        pv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=_BLANKS,
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    blocks = []
    for block in reader:
        progress(block.nbytes)
        blocks.append(block)
    table = pa.Table.from_batches(blocks, reader.schema)
    return table.rename_columns(_names(table.column_names, name))


def _separator(text: str) -> str:
    """Return the most frequent separator of the header, outside of quotes."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    bare = "".join(line.split('"')[::2])
    return max(_SEPARATORS, key=bare.count)


def _names(header: list[str], file: str) -> list[str]:
    """Name the columns: a column without a name is named after its place."""
    names = [name.strip() or f"Unnamed: {place}" for place, name in enumerate(header)]
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise LonghaulError(
            f"{file}: two columns are called {twice!r}; give each column a different name"
        )
    return names


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].removeprefix("CSV parse error: ")[:300]
