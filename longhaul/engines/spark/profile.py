"""Profile of a table by Spark; see `longhaul.data.profile`."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as of

from longhaul.data import labels
from longhaul.data.profile import MAX_LEVELS
from longhaul.engines.spark import tables
from longhaul.engines.spark.tables import quoted
from longhaul.problem import Problem, Target

PERIOD = "_longhaul_period"
_OUTCOME = "_longhaul_outcome"
_CLOSE = 0.02  # relative standard deviation of the number of different values
_NUMBERS = frozenset({"double", "float", "bigint", "int", "smallint", "tinyint"})


def counted(good: DataFrame, problem: Problem, schema: pa.Schema) -> dict[str, dict[str, Any]]:
    """Count by period: rows, rows with an outcome, sums or counts of outcomes."""
    return _counted(_with_outcome(good, problem, schema), problem.target)


def _with_outcome(good: DataFrame, problem: Problem, schema: pa.Schema) -> DataFrame:
    """Select the period and the outcome of each row, the latter as a number."""
    target = problem.target
    narrow = pa.schema([schema.field(target.column), (PERIOD, pa.string())])
    encoded = pa.schema([(PERIOD, pa.string()), (_OUTCOME, pa.float64())])

    def encode(stream: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in stream:
            frame = batch.to_pandas()
            labelled = labels.has_label(frame, target)
            values = np.full(len(frame), np.nan)
            if labelled.any():
                values[labelled] = labels.outcomes(frame[labelled].infer_objects(), target)
            outcome = pa.array(values, pa.float64(), from_pandas=True)
            yield pa.record_batch([batch.column(PERIOD), outcome], names=encoded.names)

    narrowed = good.select(*map(quoted, narrow.names))
    return narrowed.mapInArrow(encode, tables.types(encoded))


def _counted(rows: DataFrame, target: Target) -> dict[str, dict[str, Any]]:
    outcome = of.col(_OUTCOME)
    sums = rows.groupBy(PERIOD).agg(
        of.count("*").alias("rows"),
        of.count(outcome).alias("labelled"),
        of.sum(outcome).alias("sum"),
        of.min(outcome).alias("min"),
        of.max(outcome).alias("max"),
        of.var_pop(outcome).alias("variance"),
    )
    by_period = {row[PERIOD]: {**row.asDict(), "counts": {}} for row in sums.collect()}
    if target.task_type == "multiclass":
        for row in rows.groupBy(PERIOD, _OUTCOME).count().collect():
            if row[_OUTCOME] is not None:
                by_period[row[PERIOD]]["counts"][int(row[_OUTCOME])] = row["count"]
    return dict(sorted(by_period.items()))


def _describe(parts: list[dict[str, Any]], target: Target) -> dict[str, float]:
    """Summarise outcomes from counts; see `longhaul.data.labels.describe`."""
    labelled = sum(part["labelled"] for part in parts)
    if not labelled:
        return labels.describe(
            np.empty(0, dtype=float if target.task_type == "regression" else int), target
        )
    if target.task_type == "multiclass":
        shares = {
            place: sum(part["counts"].get(place, 0) for part in parts) / labelled
            for place in range(len(target.classes))
        }
        return {f"share_of_{name}": shares[place] for place, name in enumerate(target.classes)}
    mean = sum(part["sum"] or 0.0 for part in parts) / labelled
    if target.task_type == "binary":
        return {"positive_share": mean}
    squares = sum(
        part["labelled"] * (part["variance"] + (part["sum"] / part["labelled"] - mean) ** 2)
        for part in parts
        if part["labelled"]
    )
    return {"target_mean": mean, "target_sd": float(np.sqrt(squares / labelled))}


def profile(
    good: DataFrame, counted: Mapping[str, dict[str, Any]], problem: Problem
) -> dict[str, Any]:
    """Describe a table; numbers of different values are estimates.

    Parameters
    ----------
    good : DataFrame
    counted : mapping
        As `counted` returns it.
    problem : Problem
    """
    rows = sum(part["rows"] for part in counted.values())
    column_types = dict(good.dtypes)
    return {
        "problem": problem.name,
        "kind": problem.target.task_type,
        "rows": rows,
        "duplicates": rows - good.distinct().count(),
        "outcome": _describe(list(counted.values()), problem.target),
        "columns": {name: _column(good, name, column_types[name], rows) for name in good.columns},
        "periods": {
            label: {
                "rows": part["rows"],
                **(_describe([part], problem.target) if part["labelled"] else {}),
            }
            for label, part in counted.items()
        },
    }


def _column(good: DataFrame, name: str, column_type: str, rows: int) -> dict[str, Any]:
    column = quoted(name)
    finite = column
    number = column_type in _NUMBERS
    if column_type in {"double", "float"}:
        finite = of.when(of.abs(column) < float("inf"), column)
    [counts] = good.agg(
        of.count(column).alias("present"),
        of.approx_count_distinct(column, _CLOSE).alias("distinct"),
        of.min(finite).alias("min"),
        of.max(finite).alias("max"),
        of.avg(finite if number else of.lit(None)).alias("mean"),
    ).collect()
    missing = (rows - counts.present) / rows if rows else 0.0
    described = {"type": column_type, "missing": missing, "distinct": counts.distinct}
    if number and counts["min"] is not None:
        return {**described, **{key: float(counts[key]) for key in ("min", "mean", "max")}}
    if column_type.startswith("timestamp") and counts["min"] is not None:
        return {**described, "min": counts["min"].isoformat(), "max": counts["max"].isoformat()}
    if not counts.present or number:
        return described
    order = [of.desc("count"), of.asc(name)]
    most = good.filter(column.isNotNull()).groupBy(column.alias(name)).count().orderBy(*order)
    top = most.limit(MAX_LEVELS).collect()
    return {**described, "most": {str(row[0]): row[1] for row in top}}
