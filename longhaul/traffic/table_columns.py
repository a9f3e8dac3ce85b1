"""Columns of a table made of served rows: in the types, and with the target, of the base table."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from longhaul.data import parquet
from longhaul.data.labels import has_label, key, outcomes
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.features.formats import text
from longhaul.problem import Target
from longhaul.traffic import sql

_LOGGED_TYPES = {
    "VARCHAR": pa.string(),
    "DOUBLE": pa.float64(),
    "TIMESTAMP": pa.timestamp("us"),
}
_EXACT = 2**53  # below it every whole number is a float


@dataclass(frozen=True)
class ServedRows:
    """Relation of served rows in a database.

    Attributes
    ----------
    database : DuckDBPyConnection
    relation : str
        Its name.
    prefix : str
        Of the names of the columns that were sent.
    time, outcome : str
        The columns with the row's own time, and with its outcome as a text.
    """

    database: duckdb.DuckDBPyConnection
    relation: str
    prefix: str
    time: str
    outcome: str

    def sent(self) -> dict[str, str]:
        """Return the columns that were sent, with their types in SQL."""
        described = self.database.execute(f"DESCRIBE {self.relation}").fetchall()
        types = {name: data_type for name, data_type, *_ in described}
        return {
            name.removeprefix(self.prefix): data_type
            for name, data_type in types.items()
            if name.startswith(self.prefix)
        }

    def holds(self, conditions: Iterable[str]) -> list[bool]:
        """Return whether each condition holds in all rows where it is not null."""
        aggregates = [f"coalesce(bool_and({condition}), true)" for condition in conditions]
        if not aggregates:
            return []
        row = self.database.execute(
            f"SELECT {', '.join(aggregates)} FROM {self.relation}"
        ).fetchone()
        return list(row or ())


@dataclass(frozen=True)
class TableColumn:
    """Column of the table: its SQL, and its type in the file."""

    expression: str
    data_type: pa.DataType


def columns(served: ServedRows, base: PeriodTable) -> dict[str, TableColumn]:
    """Return the columns of the table by name: all of the base, and the key.

    A column has the type of the base where every value is the same in it, else the one that it was
    logged in; one that was never sent is null.

    Parameters
    ----------
    served : ServedRows
    base : PeriodTable
        The table that the model learned from.

    Raises
    ------
    LonghaulError
        When an outcome was reported that the target cannot have.
    """
    problem, sent = base.problem, served.sent()
    schema = parquet.schema(base.path(base.periods[0]))
    types = {field.name: field.type for field in schema}
    exact = _exact(served, types, sent)
    made = {name: TableColumn("NULL", data_type) for name, data_type in types.items()}
    for name in [name for name in (*types, problem.key) if name in sent]:
        place = sql.name(served.prefix + name)
        if name in exact:
            made[name] = TableColumn(f"TRY_CAST({place} AS {exact[name]})", types[name])
        else:
            made[name] = TableColumn(place, _LOGGED_TYPES[sent[name]])
    assert problem.time is not None  # served rows have a period
    made[problem.time.column] = TableColumn(sql.name(served.time), pa.timestamp("us"))
    target = problem.target
    is_number = target.task_type == "regression"
    data_type = pa.float64() if is_number else types[target.column]
    made[target.column] = TableColumn(_target(served, base, target), data_type)
    return made


def _exact(
    served: ServedRows, types: dict[str, pa.DataType], sent: dict[str, str]
) -> dict[str, str]:
    """Return the type in SQL of the columns that lose nothing in the type of the base."""
    conditions = {}
    for name in [name for name in types if name in sent and not pa.types.is_null(types[name])]:
        wanted, place = sql.data_type(types[name]), sql.name(served.prefix + name)
        if wanted == sent[name]:
            conditions[name] = "true"
        elif sent[name] == "VARCHAR":
            back = f"lower(CAST(TRY_CAST({place} AS {wanted}) AS VARCHAR))"
            conditions[name] = f"{place} IS NULL OR coalesce({back} = lower({place}), false)"
        elif (sent[name], wanted) == ("DOUBLE", "BIGINT"):
            conditions[name] = f"{place} = floor({place}) AND abs({place}) < {_EXACT}"
    held = served.holds(conditions.values())
    return {
        name: sql.data_type(types[name])
        for name, is_exact in zip(conditions, held, strict=True)
        if is_exact
    }


def _target(served: ServedRows, base: PeriodTable, target: Target) -> str:
    """Return the SQL of the target, in the values of the base."""
    outcome = sql.name(served.outcome)
    if target.task_type == "regression":
        return f"CAST({outcome} AS DOUBLE)"
    reported = served.database.execute(
        f"SELECT DISTINCT {outcome} FROM {served.relation} WHERE {outcome} IS NOT NULL ORDER BY 1"
    ).fetchall()
    values = _base_values(base, target)
    whens = [
        f"WHEN {sql.literal(row[0])} THEN {_value(row[0], values, target)}" for row in reported
    ]
    return f"CASE {outcome} {' '.join(whens)} END" if whens else "NULL"


def _value(outcome: str, values: dict[str, object], target: Target) -> str:
    """Return the base's value of an outcome; a text may be one that the base has not."""
    if key(outcome) in values:
        return sql.literal(values[key(outcome)])
    if all(isinstance(value, str) for value in values.values()):
        return sql.literal(outcome)
    raise LonghaulError(
        f"outcomes: {outcome!r} was reported, which {target.column!r} is not in the table; it is"
        f" {', '.join(map(repr, values.values()))}"
    )


def _base_values(base: PeriodTable, target: Target) -> dict[str, object]:
    """Return the target's commonest value for each outcome, as outcomes are reported."""
    counts: Counter[Any] = Counter()
    for period in base.periods:
        frame = base.read([period], [target.column])
        counted = frame.loc[has_label(frame, target), target.column].value_counts()
        counts.update(dict(zip(counted.index.tolist(), counted.tolist(), strict=True)))
    rarest_first = [value for value, _ in reversed(counts.most_common())]
    if target.task_type == "multiclass":
        return {key(text(value)): value for value in rarest_first}
    positive = outcomes(pd.DataFrame({target.column: rarest_first}), target)
    names = ["true" if is_positive else "false" for is_positive in positive]
    return dict(zip(names, rarest_first, strict=True))
