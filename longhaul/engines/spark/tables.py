"""Files of a table in Spark: rows with their places, and folders of parts.

A table lies where the driver and all workers can read it by the same path: on one machine
anywhere, on a cluster in a shared file system.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import mlflow
import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as of
from pyspark.sql.pandas.types import from_arrow_schema

from longhaul.data import parquet
from longhaul.errors import LonghaulError
from longhaul.tracking import artifacts, mlflow_internals

ROW = "_longhaul_row"  # the place of a row in its file, from 0
_FILE = "_longhaul_file"


def read(spark: SparkSession, file: Path) -> DataFrame:
    """Read a file of a table, in any order; the column `ROW` has the places of the rows."""
    return rows_of(spark, parquet.parts(file))


def rows_of(spark: SparkSession, parts: Sequence[Path]) -> DataFrame:
    """Read several Parquet files; the column `ROW` has the places of the rows in all of them.

    Raises
    ------
    LonghaulError
        When two have the same name: Spark could not tell their rows apart.
    """
    names = [part.name for part in parts]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise LonghaulError(f"engine: spark takes files of different names; two are called {twice}")
    counts = [parquet.count(part) for part in parts]
    starts = [
        (part.name, start)
        for part, start in zip(parts, accumulate(counts, initial=0), strict=False)
    ]
    places = of.broadcast(spark.createDataFrame(starts, f"{_FILE} string, start long"))
    files = [part.as_uri() for part in parts]
    nanos = {
        field.name: bool(field.type.tz)
        for part in parts
        for field in parquet.schema(part)
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns"
    }
    raw = spark.read.option("mergeSchema", len(files) > 1).parquet(*files)
    rows = raw.select(
        *[
            _micros(name, nanos[name]) if name in nanos and type_ == "bigint" else quoted(name)
            for name, type_ in raw.dtypes
        ],
        of.col("_metadata.file_name").alias(_FILE),
        of.col("_metadata.row_index").alias(ROW),
    )
    return (
        rows.join(places, _FILE).withColumn(ROW, of.col(ROW) + of.col("start")).drop(_FILE, "start")
    )


def zones(parts: Sequence[Path]) -> dict[str, str]:
    """Return the time zones of the columns of times, as the first file has them."""
    fields = [field for field in parquet.schema(parts[0]) if pa.types.is_timestamp(field.type)]
    return {field.name: field.type.tz for field in fields if field.type.tz}


def _micros(name: str, zoned: bool) -> Column:
    """Convert a time in whole nanoseconds to microseconds; with a zone it is an instant."""
    micros = of.call_function("div", quoted(name), of.lit(1000))
    instant = of.timestamp_micros(micros)
    return (instant if zoned else instant.cast("timestamp_ntz")).alias(name)


def quoted(name: str) -> Column:
    """Return a column by its name, with special characters escaped."""
    return of.col(f"`{name.replace('`', '``')}`")


def write(rows: DataFrame, file: Path) -> None:
    """Write rows as a folder of parts, completely or not at all.

    Raises
    ------
    LonghaulError
        When the driver does not see what the workers wrote: the folder is not shared.
    """
    rows.write.parquet(file.as_uri())
    if not (file / "_SUCCESS").is_file() or not list(file.glob("*.parquet")):
        raise LonghaulError(
            f"{file}: the workers wrote it where this machine does not see it; the artifact store"
            " must be a folder that all of the cluster's machines share"
        )
    for mark in (*file.glob("_SUCCESS"), *file.glob(".*.crc")):
        mark.unlink()


def types(schema: pa.Schema) -> Any:
    """Convert Arrow's types to Spark's; times without a zone stay so."""
    return from_arrow_schema(schema, prefer_timestamp_ntz=True)


@contextmanager
def log_folder(spark: SparkSession, name: str) -> Iterator[Path]:
    """Yield a folder that becomes the artifact folder `name` of the active run.

    In a store that is a folder, Spark writes there at once, and the folder is removed when
    the block raises; else, in a session on this machine, see
    `longhaul.tracking.artifacts.log_folder`.

    Raises
    ------
    LonghaulError
        When the workers of a cluster cannot write to the run's artifacts.
    """
    root = mlflow.active_run().info.artifact_uri
    if local := mlflow_internals.local_path(root):
        place = local.resolve() / name
        place.mkdir(parents=True)
        try:
            yield place
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    elif spark.sparkContext.master.startswith("local"):
        with artifacts.log_folder(name) as place:
            yield place
    else:
        raise LonghaulError(
            f"engine: the workers of {spark.sparkContext.master} cannot write to {root}; with"
            " spark, the experiment's artifacts must lie in a folder that all machines share"
        )
