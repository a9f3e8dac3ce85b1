"""Rows of a person in tables that steps have stored, and in predictions of these tables.

Batch predictions name a row by its place in the table's file, so places of later rows are counted
down. They are changed before the table is, and marked: an erasure that was cut off is repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.data import parquet
from longhaul.erasure import rows
from longhaul.erasure.person import Person
from longhaul.errors import LonghaulError
from longhaul.traffic import prediction_log

_MARK = b"longhaul.erased"


@dataclass(frozen=True)
class PersonRows:
    """Rows of a person in one file of a table, or in the parts of one.

    Attributes
    ----------
    total : int
        All rows of the file.
    parts : mapping of Path to ndarray
        The places in each part that has any.
    places : ndarray of int
        In the file as one.
    """

    total: int
    parts: Mapping[Path, np.ndarray]
    places: np.ndarray

    def read(self) -> pd.DataFrame:
        """Read the rows."""
        frames = [rows.read(part).to_pandas().iloc[where] for part, where in self.parts.items()]
        return pd.concat(frames, ignore_index=True)

    def drop(self) -> None:
        """Take the rows out."""
        for part, where in self.parts.items():
            rows.drop(part, where)

    @property
    def mark(self) -> bytes:
        """Mark of predictions from which these rows were taken."""
        return f"{self.total}:{','.join(map(str, self.places))}".encode()


def find(file: Path, person: Person) -> PersonRows:
    """Find a person's rows in a file of a table."""
    offset, parts, places = 0, {}, []
    for part in parquet.parts(file):
        where = rows.find(part, person)
        if len(where):
            parts[part] = where
            places.append(where + offset)
        offset += pq.read_metadata(part).num_rows
    return PersonRows(offset, parts, np.concatenate(places or [np.array([], dtype=np.int64)]))


def drop_predictions(files: list[Path], table: PersonRows) -> int:
    """Take the predictions of a person's rows out; return how many there were.

    Parameters
    ----------
    files : list of Path
        The predictions of one run for one file of a table: one of each version.
    table : PersonRows

    Raises
    ------
    LonghaulError
        When they are not predictions of the table as it is.
    """
    parts = [part for file in files for part in parquet.parts(file)]
    unmarked = [p for p in parts if (pq.read_schema(p).metadata or {}).get(_MARK) != table.mark]
    count = 0
    for part in unmarked:
        predicted = rows.read(part)
        places = predicted["row"].to_numpy()
        if len(places) and places.max() >= table.total:
            raise LonghaulError(
                f"{part}: predictions of rows that the table has not; another erasure was cut off:"
                " run that one again first"
            )
        kept = ~np.isin(places, table.places)
        moved = places[kept] - np.searchsorted(table.places, places[kept])
        left = predicted.filter(pa.array(kept))
        index = left.schema.get_field_index("row")
        left = left.set_column(index, left.schema.field(index), pa.array(moved, pa.int64()))
        marked = {**(left.schema.metadata or {}), _MARK: table.mark}
        prediction_log.write(part, left.replace_schema_metadata(marked))
        count += int((~kept).sum())
    return count
