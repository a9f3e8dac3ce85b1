"""Values of a request that are present and cannot be read in their column's format."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from longhaul.features.column_format import CATEGORY, DATE, ColumnFormat
from longhaul.features.formats import time
from longhaul.serving.http_errors import HttpError

_EXAMPLES = 3
_LARGEST = 3.4028235677973366e38  # the smallest number that is infinite as float32
_NUMBERS = frozenset({int, float, bool, type(None)})
_LONGEST = 40


@dataclass(frozen=True)
class UnreadValues:
    """Values that cannot be read.

    Attributes
    ----------
    count : int
    examples : tuple of str
        Row, column, shape and what is expected, of the first few.
    """

    count: int
    examples: tuple[str, ...]

    def error(self) -> HttpError:
        """Return the refusal of the request."""
        more = f" and {self.count - len(self.examples)} more" if self.count > _EXAMPLES else ""
        return HttpError(
            422, "UNREADABLE_VALUE", f"cannot be read: {'; '.join(self.examples)}{more}"
        )


def examine(
    forms: Mapping[str, ColumnFormat], table: Mapping[str, Sequence[Any]]
) -> tuple[UnreadValues | None, dict[str, Sequence[Any]]]:
    """Find the values that cannot be read, and convert texts of numbers and times.

    Parameters
    ----------
    forms : mapping of str to ColumnFormat
        The format of each column.
    table : mapping of str to sequence of length n
        The rows as they were sent, column by column.

    Returns
    -------
    UnreadValues or None
        None where every value is read.
    dict
        The rows as they were read, for the prediction log: numbers, and times in ISO 8601.
    """
    read = dict(table)
    unread: list[tuple[int, str]] = []
    for name, form in forms.items():
        values = table.get(name)
        if values is None or form.column_type == CATEGORY or _plain(values, form):
            continue
        converted = [_convert(value, form) for value in values]
        read[name] = converted
        unread += [
            (row, name)
            for row, (value, result) in enumerate(zip(values, converted, strict=True))
            if result is None and not form.is_missing(value)
        ]
    if not unread:
        return None, read
    return UnreadValues(len(unread), tuple(_examples(unread, forms, table))), read


def _plain(values: Sequence[Any], form: ColumnFormat) -> bool:
    """Return whether a column has numbers, or nothing, where numbers are due."""
    if form.column_type == DATE or form.blank or not _NUMBERS.issuperset(map(type, values)):
        return False
    return all(value is None or -_LARGEST < value < _LARGEST for value in values)


def _convert(value: Any, form: ColumnFormat) -> Any:
    """Convert a value to a number or to a time in ISO 8601; None if it is neither."""
    if value is None:
        return None
    if form.column_type == DATE:
        moment = time(value, form)
        return None if moment is None else moment.isoformat()
    number = form.number_of(value)
    return number if number is not None and -_LARGEST < number < _LARGEST else None


def _examples(
    unread: Sequence[tuple[int, str]],
    forms: Mapping[str, ColumnFormat],
    table: Mapping[str, Sequence[Any]],
) -> Iterator[str]:
    for row, name in sorted(unread, key=lambda pair: pair[0])[:_EXAMPLES]:
        kind = shape(table[name][row])
        yield f"row {row}, column {name!r}: {kind}, expected {forms[name].expected}"


def shape(value: Any) -> str:
    """Describe a value without telling it: digits become 9, letters a or A."""
    if not isinstance(value, str):
        return f"a {type(value).__name__}"
    bare = re.sub(r"[^\W\d_]", lambda match: "A" if match[0].isupper() else "a", value)
    bare = "".join(character for character in re.sub(r"\d", "9", bare) if character.isprintable())
    return f"a text like {bare[:_LONGEST]!r}"
