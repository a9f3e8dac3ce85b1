"""What a table looks like, in figures, by Spark; see `longhaul.data.profile`."""

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
    """By period: its rows, those with an outcome, and the sums or counts of outcomes."""
    return _counted(_with_outcome(good, problem, schema), problem.target)


def _with_outcome(good: DataFrame, problem: Problem, schema: pa.Schema) -> DataFrame:
    """Each row's period and outcome, the latter as a number."""
    target = problem.target
    narrow = pa.schema([schema.field(target.column), (PERIOD, pa.string())])
    told = pa.schema([(PERIOD, pa.string()), (_OUTCOME, pa.float64())])

    def say(stream: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in stream:
            frame = batch.to_pandas()
            known = labels.known(frame, target)
            found = np.full(len(frame), np.nan)
            if known.any():
                found[known] = labels.outcomes(frame[known].infer_objects(), target)
            outcome = pa.array(found, pa.float64(), from_pandas=True)
            yield pa.record_batch([batch.column(PERIOD), outcome], names=told.names)

    narrowed = good.select(*map(quoted, narrow.names))
    return narrowed.mapInArrow(say, tables.types(told))


def _counted(known: DataFrame, target: Target) -> dict[str, dict[str, Any]]:
    """By period: its rows, those with an outcome, and the sums or counts of outcomes."""
    outcome = of.col(_OUTCOME)
    sums = known.groupBy(PERIOD).agg(
        of.count("*").alias("rows"),
        of.count(outcome).alias("known"),
        of.sum(outcome).alias("sum"),
        of.min(outcome).alias("min"),
        of.max(outcome).alias("max"),
        of.var_pop(outcome).alias("variance"),
    )
    found = {one[PERIOD]: {**one.asDict(), "counts": {}} for one in sums.collect()}
    if target.task_type == "multiclass":
        for one in known.groupBy(PERIOD, _OUTCOME).count().collect():
            if one[_OUTCOME] is not None:
                found[one[PERIOD]]["counts"][int(one[_OUTCOME])] = one["count"]
    return dict(sorted(found.items()))


def _describe(parts: list[dict[str, Any]], target: Target) -> dict[str, float]:
    """As `longhaul.data.labels.describe`, from what was counted."""
    known = sum(one["known"] for one in parts)
    if not known:
        return labels.describe(
            np.empty(0, dtype=float if target.task_type == "regression" else int), target
        )
    if target.task_type == "multiclass":
        shares = {
            place: sum(one["counts"].get(place, 0) for one in parts) / known
            for place in range(len(target.classes))
        }
        return {f"share_of_{name}": shares[place] for place, name in enumerate(target.classes)}
    mean = sum(one["sum"] or 0.0 for one in parts) / known
    if target.task_type == "binary":
        return {"positive_share": mean}
    squares = sum(
        one["known"] * (one["variance"] + (one["sum"] / one["known"] - mean) ** 2)
        for one in parts
        if one["known"]
    )
    return {"target_mean": mean, "target_sd": float(np.sqrt(squares / known))}


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
    rows = sum(one["rows"] for one in counted.values())
    kinds = dict(good.dtypes)
    return {
        "problem": problem.name,
        "kind": problem.target.task_type,
        "rows": rows,
        "duplicates": rows - good.distinct().count(),
        "outcome": _describe(list(counted.values()), problem.target),
        "columns": {name: _column(good, name, kinds[name], rows) for name in good.columns},
        "periods": {
            label: {
                "rows": one["rows"],
                **(_describe([one], problem.target) if one["known"] else {}),
            }
            for label, one in counted.items()
        },
    }


def _column(good: DataFrame, name: str, kind: str, rows: int) -> dict[str, Any]:
    column = quoted(name)
    finite = column
    number = kind in _NUMBERS
    if kind in {"double", "float"}:
        finite = of.when(of.abs(column) < float("inf"), column)
    [found] = good.agg(
        of.count(column).alias("known"),
        of.approx_count_distinct(column, _CLOSE).alias("distinct"),
        of.min(finite).alias("min"),
        of.max(finite).alias("max"),
        of.avg(finite if number else of.lit(None)).alias("mean"),
    ).collect()
    missing = (rows - found.known) / rows if rows else 0.0
    said = {"type": kind, "missing": missing, "distinct": found.distinct}
    if number and found["min"] is not None:
        return {**said, **{key: float(found[key]) for key in ("min", "mean", "max")}}
    if kind.startswith("timestamp") and found["min"] is not None:
        return {**said, "min": found["min"].isoformat(), "max": found["max"].isoformat()}
    if not found.known or number:
        return said
    order = [of.desc("count"), of.asc(name)]
    most = good.filter(column.isNotNull()).groupBy(column.alias(name)).count().orderBy(*order)
    return {**said, "most": {str(one[0]): one[1] for one in most.limit(MAX_LEVELS).collect()}}
