"""Time and memory of collecting live traffic: millions of logged rows become a table.

``python -m benchmarks.large_log [--rows 5000000]``: a log of flights, a file for 100,000 rows, as a
busy service writes them, with an outcome of every row; joined, sorted and written by period, in a
process of its own. The memory of two sizes in the same run shows whether it is flat.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks import memory
from benchmarks.rows import Row, markdown
from longhaul import problem_yaml
from longhaul.data import flights
from longhaul.data.table import PeriodTable
from longhaul.model.predictions import columns
from longhaul.traffic import prediction_log

PROJECT = Path(__file__).resolve().parents[1]
FILE_ROWS, REQUEST_ROWS = 100_000, 100
COLLECT = """
import sys
from pathlib import Path
from longhaul.data.table import PeriodTable
from longhaul.traffic import collection
from longhaul.traffic.served import ServedTraffic
folder = Path(sys.argv[1])
for name in ("table", "scored"):
    (folder / name).mkdir()
with ServedTraffic(folder / "record", ["flights-1"], PeriodTable(folder / "base")) as served:
    made = collection.collect(served, "2013-12", {}, folder / "table", lambda _: folder / "scored")
print(sum(period.total for period in made.periods.values()))
"""


def measure(rows: int) -> list[Row]:
    """A row for a tenth of the rows, and for all."""
    return [_measure(size) for size in (rows // 10, rows)]


def _measure(rows: int) -> Row:
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        folder = Path(temporary)
        _write(folder, rows)
        size = sum(file.stat().st_size for file in folder.glob("record/**/*.parquet"))
        used = memory.run([sys.executable, "-c", COLLECT, temporary], cwd=PROJECT)
        if used.code:
            raise RuntimeError("collecting failed")
    return Row(
        f"{rows:,} logged rows, {size / 1e9:.1f} GB, each with an outcome",
        f"{used.seconds:.0f} s, {used.megabytes:,.0f} MB at the most",
        "",
        f"{used.seconds / rows * 1e6:.1f} µs a row",
    )


def _write(folder: Path, rows: int) -> None:
    """Write a base of the first half-year, and a log of the second, over and over again."""
    frame = flights.read()
    problem = problem_yaml.load(PROJECT / "problems" / "flights.yaml")
    (folder / "base").mkdir()
    early = frame["scheduled_departure"] < "2013-07-01"
    PeriodTable(folder / "base").write(problem, frame[early].head(1000))
    sent = frame[~early].drop(columns=["late", "tailnum"])
    for number in range(rows // FILE_ROWS):
        places = np.arange(number * FILE_ROWS, (number + 1) * FILE_ROWS) % len(sent)
        _write_file(folder, number, sent.iloc[np.sort(places)])


def _write_file(folder: Path, number: int, sent: pd.DataFrame) -> None:
    generator = np.random.default_rng(number)
    count = len(sent)
    request = [f"{number:08d}-{place // REQUEST_ROWS:06d}" for place in range(count)]
    place = np.arange(count) % REQUEST_ROWS
    at = pd.Series(
        pd.Timestamp("2026-01-01", tz="UTC")
        + pd.to_timedelta(number * 60 + np.arange(count) * 60 / count, unit="s")
    ).astype("datetime64[us, UTC]")
    probability = generator.uniform(size=count)
    schema = columns("binary")
    made = {
        "request": request,
        "row": place,
        "period": sent["scheduled_departure"].dt.strftime("%Y-%m"),
        "model": ["flights"] * count,
        "version": ["1"] * count,
        "predicted_at": at,
        "probability": probability,
        "decision": probability > 0.3,
        "outcome": pa.nulls(count, schema["outcome"]),
        "raw": probability,
        "shift": np.zeros(count),
    }
    features = pa.StructArray.from_arrays(
        [_logged(sent[name]) for name in sent], names=list(sent.columns)
    )
    table = pa.table(
        {
            **{name: pa.array(made[name], schema[name], from_pandas=True) for name in schema},
            "features": features,
        }
    )
    name = f"{number:012d}.parquet"
    prediction_log.write(folder / f"record/predictions/flights-1/2026-01-01/{name}", table)
    outcome = np.where(generator.uniform(size=count) < probability, "true", "false")
    truth = [request, place, outcome, at]
    schema_of_truth = prediction_log.GROUND_TRUTH_SCHEMA
    told = pa.table(dict(zip(schema_of_truth.names, truth, strict=True)), schema_of_truth)
    prediction_log.write(folder / f"record/outcomes/2026-01-01/{name}", told)


def _logged(column: pd.Series) -> pa.Array:
    """Convert a column to the type that the log has for it."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return pa.array(column, pa.timestamp("us"), from_pandas=True)
    if pd.api.types.is_numeric_dtype(column):
        return pa.array(column.astype(float), pa.float64(), from_pandas=True)
    return pa.array(column, pa.string(), from_pandas=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5_000_000)
    print(markdown(measure(parser.parse_args().rows)))
