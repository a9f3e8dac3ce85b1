"""Spark session of one step: the master from the environment, the code on every worker."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from longhaul.errors import LonghaulError

MASTER = "SPARK_MASTER"  # such as spark://host:7077; else what spark-defaults.conf says, or local
_PACKAGE = Path(__file__).resolve().parents[2]
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "50000",
    "spark.sql.legacy.parquet.nanosAsLong": "true",  # Spark has no nanoseconds: see tables.py
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}


@contextmanager
def session(name: str, models: bool = False) -> Iterator[SparkSession]:
    """Start a session with the project's code on every worker; it ends with the block.

    Parameters
    ----------
    name : str
        What the cluster's pages call it.
    models : bool
        Whether workers load models. A model brings the code that it was logged with, which in a
        process stands before the project's: with models, each task has a process of its own.

    Raises
    ------
    LonghaulError
        When the master does not answer, or a job fails for good: in one line, Spark's own reason.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName(name)
    if master := os.environ.get(MASTER):
        builder = builder.master(master)
    settings = {**_SETTINGS, "spark.python.worker.reuse": str(not models).lower()}
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        with tempfile.TemporaryDirectory(prefix="longhaul-") as folder:
            with _stderr_to(Path(folder, "spark.log")):
                spark = builder.getOrCreate()
            spark.sparkContext.addPyFile(_zipped(Path(folder)))
            try:
                yield spark
            finally:
                spark.stop()
    except (Py4JError, PySparkException) as error:
        raise LonghaulError(f"spark: {_reason(error)}") from None


@contextmanager
def _stderr_to(log: Path) -> Iterator[None]:
    """Send the output of a Java machine started in the block to a file, not to the terminal.

    What matters of it is raised as an error.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _zipped(folder: Path) -> str:
    """Zip the project's package for the workers to import."""
    code = folder / "code"
    shutil.copytree(
        _PACKAGE, code / _PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    return shutil.make_archive(str(folder / "longhaul-code"), "zip", code)


def _reason(error: Exception) -> str:
    """Pick the line of Spark's error that gives the reason; Longhaul's own, where there is one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    ours = [line for line in lines if "LonghaulError: " in line]
    if ours:
        return ours[-1].partition("LonghaulError: ")[2]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return (causes[-1:] or lines[:1] or [type(error).__name__])[0][:500]
