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


def read(body: bytes, kinds: Mapping[str, str]) -> Rows | None:
    """The rows of a plain ``dataframe_split`` or ``dataframe_records``.

    Parameters
    ----------
    body : bytes
        JSON.
    kinds : mapping of str
        Each feature, and its kind: number, category or date.

    Returns
    -------
    Rows or None
        None for what is not plain: other forms, parameters, no rows, rows of different lengths,
        values of other types than the feature's kind is sent as, what is not JSON.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    match document:
        case {"dataframe_split": {"columns": list() as names, "data": list() as data, **rest}}:
            found = None if rest else _split(names, data, kinds)
        case {"dataframe_records": list() as records}:
            found = _records(records, kinds)
        case _:
            return None
    if len(document) > 1 or found is None or not _plain(found.table, kinds):
        return None
    return found


def _split(names: list[Any], data: list[Any], kinds: Mapping[str, str]) -> Rows | None:
    if not data or not all(type(row) is list for row in data) or {*map(type, names)} != {str}:
        return None
    try:
        columns = dict(zip(names, zip(*data, strict=True), strict=True))
    except ValueError:  # rows of different lengths
        return None
    if len(columns) < len(names):  # the same name twice
        return None
    return Rows({name: columns[name] for name in kinds if name in columns}, len(data))


def _records(records: list[Any], kinds: Mapping[str, str]) -> Rows | None:
    if not records or not all(type(record) is dict for record in records):
        return None
    sent = records[0].keys() if len(records) == 1 else set().union(*records)
    if not sent:
        return None
    table = {name: [record.get(name) for record in records] for name in kinds if name in sent}
    return Rows(table, len(records))


def _plain(table: Mapping[str, Sequence[Any]], kinds: Mapping[str, str]) -> bool:
    for name, values in table.items():
        sent = _SENT[kinds[name]]
        if type(values[0]) not in sent or (
            len(values) > 1 and not sent.issuperset(map(type, values))
        ):
            return False
    return True
