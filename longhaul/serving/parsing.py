"""Parsing of request bodies: from JSON to columns, without pandas.

Bodies are parsed here as MLflow's own parsing would, or not at all: everything unusual takes the
fallback path, `longhaul.serving.mlflow_parsing`.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from longhaul.serving import column_names
from longhaul.serving.http_errors import invalid_input

_TEXT = {str, type(None)}
# JSON types accepted for a feature of each type; MLflow's schema refuses others for a text.
_ACCEPTED = {
    "number": {int, float, bool, *_TEXT},
    "category": _TEXT,
    "date": {int, float, *_TEXT},
    "any": {int, float, bool, *_TEXT},  # what is no feature, such as the key of a row
}


class Rows(NamedTuple):
    """Rows of a request, as columns.

    Attributes
    ----------
    table : mapping of str to sequence of length n
        Features, and the time; one that was not sent is not in it.
    length : int
        n, at least 1.
    """

    table: Mapping[str, Sequence[Any]]
    length: int


class RowParser:
    """Parser of request bodies for one model.

    Parameters
    ----------
    column_types : mapping of str
        Type of each feature, and of the time column: number, category or date; or any.
    """

    def __init__(self, column_types: Mapping[str, str]):
        self.column_types = column_types
        # A client sends the same columns in every request: the last ones, and their places.
        self._last_split: tuple[list[Any], dict[str, int]] = ([], {})

    def parse(self, body: bytes) -> Rows | None:
        """Parse ``dataframe_split`` or ``dataframe_records``.

        Parameters
        ----------
        body : bytes
            JSON.

        Returns
        -------
        Rows or None
            None for everything else: other forms, parameters, no rows, no feature among the
            columns, a feature in another spelling, rows of different lengths, values of other JSON
            types than the feature's type is sent as, names that may be there twice, and a body
            that is not JSON.
        """
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        match document:
            case {"dataframe_split": {"columns": list() as names, "data": list() as data, **rest}}:
                rows = None if rest else self._parse_split(names, data)
                pairs = 3
            case {"dataframe_records": list() as records}:
                rows = self._parse_records(records)
                pairs = 1 + sum(map(len, records)) if rows else 0
            case _:
                return None
        if len(document) > 1 or rows is None or not rows.table or not self._accepts(rows.table):
            return None
        # Fewer pairs than colons: a name that is there twice, or a text that looks like one.
        return rows if body.count(b'":') + body.count(b'" :') == pairs else None

    def _parse_split(self, names: list[Any], data: list[Any]) -> Rows | None:
        places = self._places(names)
        if places is None or not data or not all(type(row) is list for row in data):
            return None
        try:
            columns = list(zip(*data, strict=True))
        except ValueError:  # rows of different lengths
            return None
        if len(columns) != len(names):
            return None
        return Rows({name: columns[place] for name, place in places.items()}, len(data))

    def _places(self, names: list[Any]) -> dict[str, int] | None:
        """Return the position of each feature among the columns that were sent."""
        last_names, places = self._last_split
        if names == last_names:
            return places
        if {*map(type, names)} != {str} or len(set(names)) < len(names):
            return None
        if column_names.misspelt(names, self.column_types):
            return None
        places = {name: names.index(name) for name in self.column_types if name in names}
        self._last_split = names, places
        return places

    def _parse_records(self, records: list[Any]) -> Rows | None:
        if not records or not all(type(record) is dict for record in records):
            return None
        sent = records[0].keys() if len(records) == 1 else set().union(*records)
        if not sent or column_names.misspelt(sent, self.column_types):
            return None
        table = {n: [record.get(n) for record in records] for n in self.column_types if n in sent}
        return Rows(table, len(records))

    def parse_csv(self, text: str) -> Rows:
        """Parse CSV: comma, semicolon, tab or bar between the fields, the header first.

        Parameters
        ----------
        text : str

        Raises
        ------
        HttpError
            When it has no rows, rows of different lengths, or no feature among its columns.
        """
        body = text.removeprefix("\ufeff")
        separator = max(",;\t|", key="".join(body.partition("\n")[0].split('"')[::2]).count)
        try:
            header, *lines = csv.reader(
                io.StringIO(body, newline=""), delimiter=separator, strict=True
            )
        except (csv.Error, ValueError):
            raise invalid_input("the body is not CSV with a header") from None
        rows = _fields(lines, len(header))
        if len(set(header)) < len(header):
            raise invalid_input("two columns are called the same: send each once")
        column_names.require_features(header, self.column_types)
        columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True)) if rows else {}
        table = {name: columns.get(name, []) for name in self.column_types if name in header}
        return Rows({name: [value or None for value in table[name]] for name in table}, len(rows))

    def _accepts(self, table: Mapping[str, Sequence[Any]]) -> bool:
        """Return whether every value is of a type that MLflow accepts for its column."""
        for name, values in table.items():
            accepted = _ACCEPTED[self.column_types[name]]
            if type(values[0]) not in accepted:
                return False
            if len(values) > 1 and not accepted.issuperset(map(type, values)):
                return False
        return True


def _fields(lines: Sequence[list[str]], columns: int) -> list[list[str]]:
    """Return the fields of the rows; a blank line is a row only where there is one column."""
    last = max((place for place, line in enumerate(lines, 1) if line), default=0)
    rows = [line or [""] for line in lines[:last] if line or columns == 1]
    for place, row in enumerate(rows):
        if len(row) != columns:
            raise invalid_input(f"row {place} has {len(row)} fields, but the header {columns}")
    return rows
