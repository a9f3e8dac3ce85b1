"""Rows of a request as a table: MLflow's tensor forms too, in which a row may get lost."""

from collections.abc import Mapping, Sequence
from typing import Any

from longhaul.serving.http_errors import HttpError, invalid_input

RECORDS, SPLIT = "dataframe_records", "dataframe_split"
_TENSORS = ("inputs", "instances")


def normalize(document: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``inputs`` and ``instances`` as the other forms, and check that no row is ragged.

    Parameters
    ----------
    document : mapping
        With one of MLflow's four forms, and other entries.

    Returns
    -------
    dict
        With ``dataframe_records`` or ``dataframe_split``, and the other entries.

    Raises
    ------
    HttpError
        When the rows have no names, other numbers of values than there are names, or a name twice.
    """
    read = dict(document)
    for form in _TENSORS:
        if form in read:
            read |= _named_rows(form, read.pop(form))
    if RECORDS in read:
        _require_objects(RECORDS, read[RECORDS])
    else:
        _require_even(read[SPLIT])
    return read


def names(document: Mapping[str, Any]) -> set[str]:
    """Return the names of the columns that were sent with rows."""
    if RECORDS in document:
        return {name for record in document[RECORDS] for name in record}
    split = document[SPLIT]
    return set(split["columns"]) if split["data"] else set()


def count(document: Mapping[str, Any]) -> int:
    """Return how many rows were sent."""
    return len(document[RECORDS] if RECORDS in document else document[SPLIT]["data"])


def _named_rows(form: str, rows: Any) -> dict[str, Any]:
    """Convert a list of objects, or an object of lists or of the values of one row."""
    if isinstance(rows, list):
        _require_objects(form, rows)
        return {RECORDS: rows}
    if not isinstance(rows, dict) or not rows:
        raise invalid_input(f"{form} are no rows with names of columns")
    columns = [value if isinstance(value, list) else [value] for value in rows.values()]
    if len(set(map(len, columns))) > 1 or len({isinstance(v, list) for v in rows.values()}) > 1:
        raise invalid_input(f"the columns of {form} have different numbers of values")
    data = [list(row) for row in zip(*columns, strict=True)]
    return {SPLIT: {"columns": list(rows), "data": data}}


def _require_objects(form: str, rows: Any) -> None:
    if not isinstance(rows, list):
        raise invalid_input(f"{form} are not a list of rows")
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise invalid_input(f"row {place} of {form} is not an object with names of columns")
    if rows and not any(rows):
        raise HttpError(400, "UNKNOWN_COLUMN", f"the rows of {form} have no columns")


def _require_even(split: Any) -> None:
    """Refuse rows of different lengths: MLflow's parsing fills some up."""
    match split:
        case {"columns": list() as columns, "data": list() as data}:
            _require_distinct(columns)
        case _:
            raise invalid_input(f"{SPLIT} is no object with lists of columns and of data")
    for place, row in enumerate(data):
        if not isinstance(row, list) or len(row) != len(columns):
            values = len(row) if isinstance(row, list) else "no"
            raise invalid_input(f"row {place} has {values} values for {len(columns)} columns")
    if len(split.get("index", data)) != len(data):
        raise invalid_input(f"the index of {SPLIT} has another length than its data")


def _require_distinct(columns: Sequence[Any]) -> None:
    if not all(isinstance(name, str) for name in columns):
        raise invalid_input("the name of a column is not a string")
    if len(set(columns)) < len(columns):
        raise HttpError(400, "UNKNOWN_COLUMN", "two columns are called the same: send each once")
