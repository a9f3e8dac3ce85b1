"""Layout of delimited text: separator, header and what stands above it, as the first rows show."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from longhaul.errors import LonghaulError
from longhaul.features.number_format import core

_SEPARATORS = ",;\t|"
_RARE = "^~\x01\x1f\xa6"
_DECLARED = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)  # Excel writes it as the first line
_NUMBER = re.compile(rf"[+-]?(?:{core('', '.')}|{core('.', ',')})")
_DAY = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}(?:[T ].*)?", re.ASCII)
_ROWS = 50
MOST_TITLES = 20


@dataclass(frozen=True)
class CsvLayout:
    """Layout of a file.

    Attributes
    ----------
    separator : str
    names : list of str
        Of the columns; a name that begins with `DROPPED` is of a column without content.
    skip : int
        Lines above the first row of values.
    trailing : bool
        Whether the last column is there only because each row ends with a separator.
    notes : list of str
        What had to be assumed.
    """

    separator: str
    names: list[str]
    skip: int
    trailing: bool
    notes: list[str]


def infer(text: str, name: str, complete: bool) -> CsvLayout:
    """Infer the layout from the beginning of a file.

    Parameters
    ----------
    text : str
        Whole lines, or all of the file.
    name : str
        Of the file, for errors and notes.
    complete : bool
        Whether `text` is all of the file.

    Raises
    ------
    LonghaulError
        When two columns have the same name.
    """
    declared = _DECLARED.fullmatch(text.partition("\n")[0].rstrip("\r"))
    start = 1 if declared else 0
    body = text.partition("\n")[2] if declared else text
    separator = declared[1] if declared else _separator(body)
    notes = []
    if declared and separator not in body and _mode(_rows(body, _separator(body))[0]) > 1:
        separator = _separator(body)
        notes.append(f"{name}: its first line says {declared[0]!r}, but rows have {separator!r}")
    rows, ends = _rows(body, separator)
    if not complete and len(rows) > 1:
        rows, ends = rows[:-1], ends[:-1]
    place = _header(rows)
    if place == 1 and len(rows[0]) == 1 and _is_name(rows[0][0]) and _are_numbers(rows[1:]):
        separator = "\x1f"  # a single column of numbers with decimal commas
        rows, ends = _rows(body, separator)
        place = 0
    _require_plain_quotes(rows, name)
    if titles := [field for row in rows[:place] for field in row if field.strip()]:
        notes.append(f"{name}: what stands above the header is skipped: {titles[0][:60]!r}")
    header, below = rows[place], rows[place + 1 :]
    skip = start + ends[place]
    width = _mode(below) if below else len(header)
    if abs(width - len(header)) > 1 or sum(len(row) == width for row in below) < 0.9 * len(below):
        width = len(header)
    if width == len(header) - 1 and not header[-1].strip():  # only the header ends with a separator
        header = header[:-1]
    if note := _divided(header, below, name):
        notes.append(note)
    if _is_data(header, below):
        skip = start + (ends[place - 1] if place else 0)
        header = [f"column_{number}" for number in range(1, len(header) + 1)]
        notes.append(
            f"{name}: the first row is no header, and its columns are called column_1 to"
            f" column_{len(header)}; write a row of names above it"
        )
        width = len(header)
    last_empty = bool(below) and not any(
        row[width - 1].strip() for row in below if len(row) == width
    )
    if width == len(header) + 1 and last_empty:
        return CsvLayout(separator, [*_names(header, name), ""], skip, True, notes)
    if width == len(header) + 1:
        notes.append(
            f"{name}: the header has one name less than rows have fields: the first is row"
        )
        return CsvLayout(separator, _names(["row", *header], name), skip, False, notes)
    trailing = len(header) > 1 and not header[-1].strip() and (last_empty or not below)
    if trailing:
        return CsvLayout(separator, [*_names(header[:-1], name), ""], skip, True, notes)
    return CsvLayout(separator, _names(header, name), skip, False, notes)


def _rows(text: str, separator: str, strict: bool = False) -> tuple[list[list[str]], list[int]]:
    """Return the first rows, and the number of lines up to the end of each."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    rows, ends = [], []
    try:
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                rows.append(row)
                ends.append(reader.line_num)
            if len(rows) >= _ROWS:
                break
    except csv.Error as error:
        if "end of data" not in str(error):  # quotes that do not fit this separator
            return [[""]], [1]
    return rows or [[""]], ends or [1]


def _separator(text: str) -> str:
    """Return the separator that gives most rows the same number of fields, and most fields."""

    def regularity(separator: str) -> tuple[float, int]:
        rows, _ = _rows(text, separator, strict=True)
        width = _mode(rows)
        if width < 2:
            return 0.0, 0
        return sum(len(row) == width for row in rows[:_ROWS]) / len(rows), width

    best = max(_SEPARATORS, key=regularity)
    if regularity(best)[1] < 2:
        best = max((best, *_RARE), key=regularity)
    return best


def _mode(rows: Sequence[Sequence[str]]) -> int:
    counts = Counter(len(row) for row in rows)
    return max(counts, key=lambda width: (counts[width], width)) if counts else 0


def _header(rows: Sequence[Sequence[str]]) -> int:
    """Return the place of the header: the first row that is as wide as the others."""
    width = _mode(rows)
    if width < 2:
        return 0
    wide = next(place for place, row in enumerate(rows) if len(row) >= width - 1 and len(row) > 1)
    while (
        width > 2
        and wide < min(MOST_TITLES, len(rows) - 1)
        and sum(bool(field.strip()) for field in rows[wide]) <= 1
    ):
        wide += 1
    following = rows[wide + 1 : wide + 2]
    if len(rows[wide]) == width - 1 and following and len(following[0]) == width:
        names, below = following[0], rows[wide + 2 :]
        wide += not _is_value_like(names, below) and all(map(str.strip, names))
    return wide if wide <= MOST_TITLES else 0


def _is_value_like(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a row has numbers where all rows below have some; true without numbers."""
    numeric = [
        place
        for place in range(len(row))
        if below and all(_NUMBER.fullmatch(b[place].strip()) for b in below if len(b) > place)
    ]
    return all(_NUMBER.fullmatch(row[place].strip()) for place in numeric)


def _are_numbers(rows: Sequence[Sequence[str]]) -> bool:
    return all(_NUMBER.fullmatch(field.strip()) for row in rows for field in row)


def _is_name(text: str) -> bool:
    return " " not in text.strip() and not _NUMBER.fullmatch(text.strip())


def _require_plain_quotes(rows: Sequence[Sequence[str]], name: str) -> None:
    """Refuse quotes that are not read as such, so that a separator in them divides."""
    for row in rows:
        for field in row:
            bare = field.strip()
            lone = len(bare) > 1 and bare[0] in "\"'" and bare[0] not in bare[1:]
            if lone and len(row) > len(rows[0]) and (field[0] == " " or bare[0] == "'"):
                raise LonghaulError(
                    f"{name}: the field {field!r} begins with a quote that is none here: write"
                    ' double quotes, with no space before them: 1,"x, y",2'
                )


def _divided(header: Sequence[str], below: Sequence[Sequence[str]], name: str) -> str:
    """Say what may divide the fields of a file with one column."""
    if len(header) != 1 or len(below) < 2:
        return ""
    for sign in (" ", ":", "#"):
        counts = {len(row[0].split(None if sign == " " else sign)) for row in (header, *below)}
        if len(counts) == 1 and counts.pop() > 1:
            return (
                f"{name}: is read as one column, {header[0]!r}; if {sign!r} stands between its"
                f" fields, write sep={sign} as the first line, or commas"
            )
    return ""


def _is_data(header: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row holds values, not names."""
    if any(
        _DAY.fullmatch(field.strip())
        and below
        and all(len(row) > place and _DAY.fullmatch(row[place].strip()) for row in below)
        for place, field in enumerate(header)
    ):
        return True
    if below and _repeats(header, below):
        return True
    places = [
        place
        for place, field in enumerate(header)
        if _NUMBER.fullmatch(field.strip())
        and any(len(row) > place for row in below)
        and all(
            not row[place].strip() or _NUMBER.fullmatch(row[place].strip())
            for row in below
            if len(row) > place
        )
    ]
    values = [header[place].strip() for place in places]
    if not values or (len(values) < 2 and all(value.lstrip("+-").isdigit() for value in values)):
        return False
    if not all(value.lstrip("+-").isdigit() for value in values):
        return True
    steps = {int(second) - int(first) for first, second in pairwise(values)}
    return not (len(steps) == 1 and steps.pop() > 0)


def _repeats(header: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether most names are values of their columns, as where there is no header."""
    rows = [row for row in below if list(row) != list(header)]
    repeated = [
        any(len(row) > place and row[place] == field for row in rows)
        for place, field in enumerate(header)
        if field.strip()
    ]
    return len(repeated) > 1 and sum(repeated) > len(repeated) / 2


def _names(header: Sequence[str], file: str) -> list[str]:
    """Name the columns: a column without a name is named after its place."""
    names = [name.strip() or f"Unnamed: {place}" for place, name in enumerate(header)]
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise LonghaulError(
            f"{file}: two columns are called {twice!r}; give each column a different name"
        )
    return names
