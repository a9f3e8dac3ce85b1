"""Rows as they come in a request: from JSON to plain columns, without pandas.

What is read here is what MLflow's own parsing would make of the same bytes, or nothing: whatever
is not plain is left to MLflow.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

_TEXT = {str, type(None)}
# What a feature of each kind may be sent as; MLflow's schema refuses other values for a text.
_SENT = {"number": {int, float, bool, *_TEXT}, "category": _TEXT, "date": _TEXT}


class Rows(NamedTuple):
    """Columns of a request.

    Attributes
    ----------
    table : mapping of str to sequence of length n
        Features only; one that was not sent is not in it.
    length : int
        n, at least 1.
    """

    table: Mapping[str, Sequence[Any]]
    length: int


class RowParser:
    """Reads requests for a model.

    Parameters
    ----------
    kinds : mapping of str
        Each feature, and its kind: number, category or date.
    """

    def __init__(self, kinds: Mapping[str, str]):
        self.column_types = kinds
        # A client sends the same columns in every request: where the features are among them.
        self._known: tuple[list[Any], dict[str, int]] = ([], {})

    def read(self, body: bytes) -> Rows | None:
        """The rows of a plain ``dataframe_split`` or ``dataframe_records``.

        Parameters
        ----------
        body : bytes
            JSON.

        Returns
        -------
        Rows or None
            None for what is not plain: other forms, parameters, no rows, no feature among the
            columns, rows of different lengths, values of other types than the feature's kind is
            sent as, what is not JSON.
        """
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        match document:
            case {"dataframe_split": {"columns": list() as names, "data": list() as data, **rest}}:
                found = None if rest else self._split(names, data)
            case {"dataframe_records": list() as records}:
                found = self._records(records)
            case _:
                return None
        if len(document) > 1 or found is None or not found.table or not self._plain(found.table):
            return None
        return found

    def _split(self, names: list[Any], data: list[Any]) -> Rows | None:
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
        """Where each feature is among the columns that were sent."""
        before, places = self._known
        if names == before:
            return places
        if {*map(type, names)} != {str} or len(set(names)) < len(names):
            return None
        places = {name: names.index(name) for name in self.column_types if name in names}
        self._known = names, places
        return places

    def _records(self, records: list[Any]) -> Rows | None:
        if not records or not all(type(record) is dict for record in records):
            return None
        sent = records[0].keys() if len(records) == 1 else set().union(*records)
        if not sent:
            return None
        table = {n: [record.get(n) for record in records] for n in self.column_types if n in sent}
        return Rows(table, len(records))

    def _plain(self, table: Mapping[str, Sequence[Any]]) -> bool:
        """Whether every value is of a type that MLflow lets pass for its column."""
        for name, values in table.items():
            sent = _SENT[self.column_types[name]]
            if type(values[0]) not in sent:
                return False
            if len(values) > 1 and not sent.issuperset(map(type, values)):
                return False
        return True
