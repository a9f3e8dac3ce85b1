"""Files of served periods: the rows of each, and what each version has predicted of them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.model import predictions
from longhaul.traffic.served import PERIOD, TABLE, ServedTraffic


def write(
    traffic: ServedTraffic, chosen: Sequence[str], table: Path, scored: Callable[[str], Path]
) -> None:
    """Write periods as files of a table, and the predictions of their rows as they were served.

    In the file of a period, a version's rows stand together; predictions have the place of their
    row in it in the column ``row``.

    Parameters
    ----------
    traffic : ServedTraffic
    chosen : sequence of str
        The periods.
    table : Path
        An existing folder.
    scored : callable
        Returns the existing folder for the predictions of a version.
    """
    with closing(_Files(traffic, PeriodTable(table), scored)) as files:
        for batch in traffic.batches(chosen):
            for part in _runs(pa.Table.from_batches([batch])):
                files.append(part)


class _Files:
    """Files of the period that is written now: its rows, and the predictions of each version."""

    def __init__(self, traffic: ServedTraffic, table: PeriodTable, scored: Callable[[str], Path]):
        self._table, self._scored = table, scored
        self._rows = pa.schema({name: column.data_type for name, column in traffic.columns.items()})
        self._predictions = predictions.schema_of(self._rows, traffic.problem)
        self._problem = traffic.problem
        self._writers: dict[Path, pq.ParquetWriter] = {}
        self._period, self._place = "", 0

    def append(self, part: pa.Table) -> None:
        """Append rows of one period and one version."""
        period, version = part[PERIOD][0].as_py(), part["version"][0].as_py()
        if period < self._period:
            raise LonghaulError(f"traffic: rows of {period} come after those of {self._period}")
        if period != self._period:
            self.close()
            self._period, self._place = period, 0
        rows = pa.table(
            [part[TABLE + name].cast(self._rows.field(name).type) for name in self._rows.names],
            self._rows,
        )
        self._write(self._table.path(period), rows)
        self._write(
            self._scored(version) / f"{period}.parquet", self._predicted(part, rows, period)
        )
        self._place += part.num_rows

    def _predicted(self, part: pa.Table, rows: pa.Table, period: str) -> pa.Table:
        """Return the predictions of rows, with their places, and their outcomes so far."""
        count, target = part.num_rows, self._problem.target.column
        outcome = predictions.decoded_outcome(rows.select([target]).to_pandas(), self._problem)
        made = {
            "row": np.arange(self._place, self._place + count),
            "period": pa.repeat(period, count),
            "outcome": outcome,
        }
        columns = []
        for field in self._predictions:
            given = made.get(field.name)
            if given is not None:
                columns.append(pa.array(given, field.type, from_pandas=True))
            else:
                source = part if field.name in part.column_names else rows
                columns.append(source[field.name].cast(field.type))
        return pa.table(columns, self._predictions)

    def _write(self, file: Path, table: pa.Table) -> None:
        if file not in self._writers:
            self._writers[file] = pq.ParquetWriter(file, table.schema)
        self._writers[file].write_table(table)

    def close(self) -> None:
        """Close the files of the period."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()


def _runs(rows: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows of each period and version, which stand together."""
    names = [rows[name].to_numpy(zero_copy_only=False) for name in (PERIOD, "version")]
    changes = np.logical_or.reduce([column[1:] != column[:-1] for column in names])
    bounds = [0, *(np.flatnonzero(changes) + 1), rows.num_rows]
    for first, end in pairwise(bounds):
        yield rows.slice(first, end - first)
