"""Rows of a person in Parquet files: where they are, and files without them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from longhaul.erasure.person import Person
from longhaul.traffic import prediction_log
from longhaul.traffic.log_files import FEATURES


def find(file: Path, person: Person) -> np.ndarray:
    """Find the places of a person's rows in a file; none where it has no such column.

    The column may be a field of the features that the prediction log keeps.
    """
    names = pq.read_schema(file).names
    if person.key in names:
        column = read(file, [person.key])[person.key]
    elif FEATURES in names:
        column = _field(read(file, [FEATURES])[FEATURES], person.key)
    else:
        return np.array([], dtype=np.int64)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    values = [value for value in column.unique().to_pylist() if person.matches(value)]
    if not values:
        return np.array([], dtype=np.int64)
    is_person = pc.is_in(column, pa.array(values, column.type))
    return np.flatnonzero(is_person.to_numpy(zero_copy_only=False))


def drop(file: Path, places: np.ndarray) -> None:
    """Write a file anew without the rows at some places; its other rows stay as they are."""
    table = read(file)
    kept = np.ones(table.num_rows, dtype=bool)
    kept[places] = False
    prediction_log.write(file, _compact(table.filter(pa.array(kept))))


def read(file: Path, columns: list[str] | None = None) -> pa.Table:
    """Read one file alone: the names of its folders are no columns."""
    with pq.ParquetFile(file) as opened:
        return opened.read(columns)


def _field(features: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    if features.type.get_field_index(name) < 0:
        return pa.chunked_array([pa.nulls(len(features), pa.string())])
    column = pc.struct_field(features, [name])
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def _compact(table: pa.Table) -> pa.Table:
    """Leave no value in the dictionary of a column that no row has any more."""
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            column = table.column(index).cast(field.type.value_type).dictionary_encode()
            table = table.set_column(index, field, column.cast(field.type))
    return table
