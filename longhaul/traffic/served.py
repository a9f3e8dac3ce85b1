"""Served traffic: the rows of the prediction log by period, with their ground truth.

DuckDB joins and sorts them, on disk where they do not fit into memory, and hands them on in
batches.
"""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pandas as pd
import pyarrow as pa

from longhaul.data import periods
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.model import predictions
from longhaul.traffic import log_files, prediction_log, sql, table_columns
from longhaul.traffic.outcome_table import KEY, NO_OUTCOMES, VALUE, OutcomeTable
from longhaul.traffic.table_columns import ServedRows, TableColumn

MEMORY = "2GB"  # the most that DuckDB holds; what does not fit waits on disk
BATCH_ROWS = 100_000
PERIOD, TABLE, SHADOW = "longhaul.period", "table.", "shadow."  # no prediction has such names
_TIME, _OUTCOME = "longhaul.time", "longhaul.outcome"


@dataclass(frozen=True)
class ServedCount:
    """Counts of the rows of one period that one version was asked about.

    Attributes
    ----------
    period, version : str
    rows, labelled : int
        All of them, and those with an outcome.
    first, last : float
        When the first and the last was predicted, in seconds since 1970.
    """

    period: str
    version: str
    rows: int
    labelled: int
    first: float
    last: float


class ServedTraffic:
    """Rows of the prediction log that versions of one model have predicted: a context manager.

    Parameters
    ----------
    log : Path
        The folder of the prediction log.
    keys : sequence of str
        The names of the versions' folders in it, ``<model>-<version>``.
    base : PeriodTable
        The table that the model learned from: its problem, its columns and their types.
    outcome_table : OutcomeTable
        Outcomes by key. Of a row that has another one by request, that by key counts.

    Raises
    ------
    LonghaulError
        When nothing of the model is in the log, or a file cannot be read.
    """

    def __init__(
        self,
        log: Path,
        keys: Sequence[str],
        base: PeriodTable,
        outcome_table: OutcomeTable = NO_OUTCOMES,
    ):
        self.log, self.base, self._outcomes = log, base, outcome_table
        self.problem = base.problem
        with _readable(log):
            self._files = log_files.find(log, keys)
        if not self._files:
            raise LonghaulError(
                f"traffic: {log} has no predictions of this model; give the folder that serve calls"
                " record, once its first rows are compacted"
            )
        names = predictions.columns(self.problem.target.task_type)
        self._predicted = [name for name in names if name not in {"period", "outcome"}]
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Read the log into a temporary database."""
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="longhaul-"))
            self._database = stack.enter_context(duckdb.connect(str(Path(folder) / "traffic.db")))
            self._database.execute(f"SET memory_limit = '{MEMORY}'; SET TimeZone = 'UTC'")
            self._database.execute("SET preserve_insertion_order = false")
            self._database.execute("SET enable_progress_bar = false")
            with _readable(self.log):
                self._join(self._post())
            served = ServedRows(self._database, "served", TABLE, _TIME, _OUTCOME)
            self.columns: dict[str, TableColumn] = table_columns.columns(served, self.base)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the database."""
        self._open.close()

    @property
    def corrected(self) -> int:
        """The number of rows that had another outcome by request before the latest one."""
        return self._number("SELECT count(*) FROM posted WHERE different > 1")

    @property
    def unmatched(self) -> int:
        """The number of outcomes by request without a row in the log."""
        return self._number('SELECT count(*) FROM posted ANTI JOIN served USING (request, "row")')

    @property
    def newest_outcome(self) -> float:
        """The time of the newest outcome by request, in seconds since 1970; 0 without one."""
        row = self._database.execute("SELECT epoch(max(reported_at)) FROM posted").fetchone()
        return float(row[0] or 0.0) if row else 0.0

    def counts(self) -> list[ServedCount]:
        """Count the rows by period and version, in order of both."""
        period = sql.name(PERIOD)
        rows = self._database.execute(
            f"SELECT {period}, version, count(*), count({sql.name(_OUTCOME)}),"
            " epoch(min(predicted_at)), epoch(max(predicted_at))"
            f" FROM served GROUP BY {period}, version"
            f" ORDER BY {period}, min(CAST(version AS BIGINT))"
        ).fetchall()
        return [ServedCount(*row) for row in rows]

    def digests(self) -> dict[str, str]:
        """Digest the rows and the outcomes of each period, in order of time."""
        columns = ", ".join(map(sql.name, ["request", "row", "version", _OUTCOME]))
        period = sql.name(PERIOD)
        rows = self._database.execute(
            f"SELECT {period}, bit_xor(hash({columns})), count(*) FROM served"
            f" GROUP BY {period} ORDER BY {period}"
        ).fetchall()
        return {label: f"{digest:x}-{count}" for label, digest, count in rows}

    def batches(self, chosen: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of periods, in order of period, version, time asked, request and place.

        Parameters
        ----------
        chosen : sequence of str
            The periods.

        Yields
        ------
        RecordBatch
            With the column `PERIOD`, those of predictions, and those of the table, whose names
            begin with `TABLE`.
        """
        names = map(sql.name, [PERIOD, *self._predicted])
        period = sql.name(PERIOD)
        self._database.register("chosen", pd.DataFrame({"label": pd.Series(chosen, dtype="str")}))
        query = (
            f"SELECT {', '.join([*names, *self._made()])}"
            f" FROM served WHERE {period} IN (SELECT label FROM chosen)"
            f' ORDER BY {period}, CAST(version AS BIGINT), predicted_at, request, "row"'
        )
        with _readable(self.log):
            # Else a sorted answer of several batches comes in any order of them.
            self._database.execute("SET preserve_insertion_order = true")
            reader: pa.RecordBatchReader = self._database.sql(query).to_arrow_reader(BATCH_ROWS)
            yield from reader

    def paired(self, key: str, period: str) -> pa.Table:
        """Pair the rows of a period with what a shadow has predicted of them.

        Parameters
        ----------
        key : str
            The name of the shadow's folder in the log, ``<model>-<version>``.
        period : str

        Returns
        -------
        Table
            The columns of predictions, those of the shadow with the prefix `SHADOW`, null where it
            has none; and the columns of the table, with the prefix `TABLE`. In order of time asked,
            request and place.
        """
        names = [name for name in self._predicted if name not in {"request", "row"}]
        own = [*map(sql.name, self._predicted), *self._made()]
        others = [f"{sql.name(name)} AS {sql.name(SHADOW + name)}" for name in names]
        with _readable(self.log):
            files = log_files.find(self.log, [key], prediction_log.SHADOW)
            shadowed = [group.select(self._predicted) for group in files]
            source = f"({' UNION ALL BY NAME '.join(shadowed)})" if files else "logged LIMIT 0"
            table: pa.Table = self._database.execute(
                f"SELECT * FROM (SELECT {', '.join(own)} FROM served"
                f" WHERE {sql.name(PERIOD)} = {sql.literal(period)})"
                f' LEFT JOIN (SELECT request, "row", {", ".join(others)} FROM {source})'
                ' USING (request, "row") ORDER BY predicted_at, request, "row"'
            ).to_arrow_table()
        return table

    def since(self, seconds: float) -> pa.Table:
        """Return the rows that were asked about since a moment.

        Parameters
        ----------
        seconds : float
            Since 1970.

        Returns
        -------
        Table
            The columns of predictions, and those of the table with the prefix `TABLE`.
        """
        names = ", ".join([*map(sql.name, self._predicted), *self._made()])
        with _readable(self.log):
            table: pa.Table = self._database.execute(
                f"SELECT {names} FROM served WHERE epoch(predicted_at) >= {seconds!r}"
            ).to_arrow_table()
        return table

    def _made(self) -> list[str]:
        """Return the SQL of the columns of the table, with the prefix to their names."""
        return [
            f"{column.expression} AS {sql.name(TABLE + name)}"
            for name, column in self.columns.items()
        ]

    def _post(self) -> str:
        """Make the table of ground truth by request, the latest of each row; return its name."""
        files = sorted(self.log.glob(f"{prediction_log.GROUND_TRUTH}/*/*.parquet"))
        self._database.register("nothing", prediction_log.GROUND_TRUTH_SCHEMA.empty_table())
        self._database.execute(
            'CREATE TABLE posted AS SELECT request, "row",'
            f" json_extract_string(arg_max(outcome, reported_at), '$') AS {VALUE},"
            " count(DISTINCT outcome) AS different, max(reported_at) AS reported_at"
            f' FROM {sql.parquet(files) if files else "nothing"} GROUP BY request, "row"'
        )
        return "posted"

    def _join(self, posted: str) -> None:
        """Make the table of served rows, with the period and the outcome of each."""
        selects = [files.select(self._predicted, TABLE) for files in self._files]
        self._database.execute(f"CREATE VIEW logged AS {' UNION ALL BY NAME '.join(selects)}")
        sent = ServedRows(self._database, "logged", TABLE, _TIME, _OUTCOME).sent()
        own, moment = self._times(sent)
        self._label(moment)
        key = self.problem.key
        keyed = f"CAST(logged.{sql.name(TABLE + key)} AS VARCHAR)" if key in sent else "NULL"
        self._database.register("keyed", self._outcomes.frame)
        self._database.execute(
            f"CREATE TABLE served AS SELECT logged.*, {own} AS {sql.name(_TIME)},"
            f" labels.label AS {sql.name(PERIOD)},"
            f" coalesce(keyed.{VALUE}, {posted}.{VALUE}) AS {sql.name(_OUTCOME)}"
            f" FROM logged JOIN labels ON {moment} = labels.start"
            f" LEFT JOIN {posted} ON logged.request = {posted}.request"
            f' AND logged."row" = {posted}."row"'
            f" LEFT JOIN keyed ON keyed.{KEY} = {keyed}"
        )

    def _times(self, sent: dict[str, str]) -> tuple[str, str]:
        """Return the SQL of a row's own time, and of the day or hour that its period goes by."""
        time, traffic = self.problem.time, self.problem.traffic
        assert time is not None  # or the problem could not declare traffic
        own = asked = "CAST(logged.predicted_at AS TIMESTAMP)"
        if sent.get(time.column) == "TIMESTAMP":
            own = f"coalesce(logged.{sql.name(TABLE + time.column)}, {asked})"
        by_request = traffic is not None and traffic.period_of == "request"
        unit = "hour" if time.period == "hour" else "day"
        return own, f"date_trunc('{unit}', {asked if by_request else own})"

    def _label(self, moment: str) -> None:
        """Make the table of the period of each day, or hour, that has rows."""
        assert self.problem.time is not None
        starts = self._database.execute(f"SELECT DISTINCT {moment} AS start FROM logged").df()
        labels = periods.labels(starts["start"].astype("datetime64[us]"), self.problem.time.period)
        self._database.register("found_labels", starts.assign(label=labels))
        self._database.execute(
            "CREATE TABLE labels AS"
            " SELECT CAST(start AS TIMESTAMP) AS start, label FROM found_labels"
        )

    def _number(self, query: str) -> int:
        """Return the only number of a query."""
        row = self._database.execute(query).fetchone()
        assert row is not None
        return int(row[0])


@contextlib.contextmanager
def _readable(log: Path) -> Iterator[None]:
    """Explain in one line that a file of the log cannot be read, or that the disk is full."""
    try:
        yield
    except (duckdb.Error, pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"traffic: {log} cannot be read: {reason}") from None
