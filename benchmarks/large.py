"""Five million rows by twenty columns through the steps: time and peak memory of each.

``python -m benchmarks.large [rows]``; each step is a process of its own, as in a life cycle.
"""

import os
import sys
import tempfile
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import memory
from longhaul.registry import promotion
from longhaul.tracking.tags import LAST_PERIOD_SEEN

ROWS = 5_000_000
_PART = 500_000
_PROJECT = Path(__file__).resolve().parents[1]
PROBLEM = """
name: large
source: large.parquet
target: {column: y, positive: "1"}
time: {column: moment, period: month}
windows:
  train: [2020-01, 2020-06]
  valid: [2020-07, 2020-07]
  test: [2020-08, 2020-08]
  production: [2020-09]
contract: {margin: 3}
"""


def main() -> None:
    """Print a table, a line for each step."""
    rows = int(sys.argv[1]) if sys.argv[1:] else ROWS
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        folder = Path(temporary)
        write(folder / "large.parquet", rows)
        (folder / "large.yaml").write_text(PROBLEM)
        print(f"{rows:,} rows by 20 columns, {os.cpu_count()} processors")
        print("| step | time | peak memory |\n| --- | --- | --- |")
        ingested = _step(folder, "ingest", problem=folder / "large.yaml", engine="local")
        clean = _step(folder, "validate", table=f"runs:/{ingested}/table", engine="local")
        table = f"runs:/{clean}/table"
        cut = _step(folder, "split", table=table, until="", window="expanding")
        windows = f"runs:/{cut}/split"
        common = {"family": "lightgbm", "settings": "", "seed": 0, "threads": 0, "cross_fit": True}
        trained = _step(folder, "train", split=windows, **common)
        model = f"runs:/{trained}/model"
        _step(folder, "evaluate", candidate=model, split=windows, champion="", seed=0)
        _step(folder, "score", model=model, table=table, period="2020-09", engine="local")


def write(path: Path, rows: int) -> None:
    """Nine months of rows: numbers, categories, gaps, and a target that some of them tell."""
    generator, writer = np.random.default_rng(0), None
    for start in range(0, rows, _PART):
        n = min(_PART, rows - start)
        frame = pd.DataFrame(generator.normal(size=(n, 14))).add_prefix("x")
        for i, levels in enumerate((3, 12, 60, 400)):
            frame[f"c{i}"] = pd.Series(generator.integers(0, levels, n)).map("level {}".format)
        days = np.sort(generator.uniform(start, start + n, n)) / rows * 273
        frame["moment"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D").floor("s")
        odds = frame["x0"] - frame["x1"] * (frame["c0"] == "level 1") - 2
        frame["y"] = (generator.uniform(size=n) < 1 / (1 + np.exp(-odds))).astype(int)
        frame.loc[generator.uniform(size=n) < 0.1, "x2"] = np.nan
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def _step(folder: Path, name: str, **parameters: object) -> str:
    """Run a step; print its time and peak memory; the id of its run."""
    seconds, gigabytes, run = step(folder, name, **parameters)
    print(f"| {name} | {seconds:.0f} s | {gigabytes:.1f} GB |", flush=True)
    return run


def step(folder: Path, name: str, **parameters: object) -> tuple[float, float, str]:
    """Run a step in a process of its own: seconds, peak memory in gigabytes, and its run.

    Raises
    ------
    RuntimeError
        When it fails, with the last thing it said.
    """
    given = [f"--{key}={value}" for key, value in parameters.items()]
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "PYTHONPATH": str(_PROJECT),
    }
    said = folder / "step.log"
    with said.open("wb") as log:
        command = [sys.executable, "-m", f"steps.{name}", *given]
        used = memory.run(command, cwd=folder, env=environment, stdout=log, stderr=log)
    if used.code:
        words = said.read_text().strip().splitlines()[-1:] or [f"ended with {used.code}"]
        raise RuntimeError(f"{name}: {words[0]}")
    return used.seconds, used.megabytes / 1000, _newest(folder)


def register(folder: Path, model: str) -> None:
    """Make a model version 1 of `large`, so that it can be watched."""
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    promotion.register("large", model, {LAST_PERIOD_SEEN: "2020-08", "test_auc": "0.7"}, "")
    promotion.promote("large", "1", "measured")


def _newest(folder: Path) -> str:
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    (run,) = mlflow.search_runs(
        order_by=["attributes.start_time DESC"], max_results=1, output_format="list"
    )
    return str(run.info.run_id)


if __name__ == "__main__":
    main()
