"""Batch scoring from Parquet to Parquet: against LightGBM alone, and MLflow's stock predict.

The flights' LightGBM model, and July's rows as often as it takes. LightGBM alone is
`Booster.predict` on a matrix that is ready in memory: it reads nothing, encodes nothing and writes
nothing. Stock MLflow loads the model, reads the whole table as one frame, predicts it with
`mlflow.pyfunc` and writes what comes out. Each memory figure is the peak of a process of its own.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import mlflow
import numpy as np
import pyarrow.parquet as pq

from benchmarks import memory
from benchmarks.flights import PROBLEM, flights_table, served_flights
from benchmarks.rows import Row, markdown, met
from longhaul import problem_yaml
from longhaul.estimators.families.lightgbm import Boosted
from longhaul.model import predictions
from longhaul.model.package import Package
from longhaul.model.predictions import Provenance
from longhaul.model.predictor import Predictor
from longhaul.problem import Problem
from longhaul.tracking import logged_models

ROWS = 1_000_000


def measure(quick: bool) -> list[Row]:
    """Rows a second, and memory as rows grow."""
    rows = ROWS // 4 if quick else ROWS
    rounds = 2 if quick else 5
    sizes = [1, 4] if quick else [1, 10, 50]
    with served_flights() as flights:
        source = flights.folder / "rows.parquet"
        _write(source, rows)
        problem = problem_yaml.load(PROBLEM)
        package = logged_models.load(flights.model)
        target = flights.folder / "predicted.parquet"
        matrix = _matrix(source, package.predictor)
        booster = cast(Boosted, package.predictor.estimator).booster
        loaded = mlflow.pyfunc.load_model(flights.model)
        ours, alone, stock = [], [], []
        for _ in range(rounds):
            ours.append(_time(lambda: _score(source, target, package, problem)))
            alone.append(_time(lambda: booster.predict(matrix)))
            stock.append(_time(lambda: _stock(loaded, source, target)))
        share = statistics.median(b / a for a, b in zip(ours, alone, strict=True))
        ahead = statistics.median(b / a for a, b in zip(ours, stock, strict=True))
        mine, bare, its = (rows / statistics.median(one) for one in (ours, alone, stock))
        found = [
            Row(
                f"rows a second, {rows:,} rows, against `Booster.predict` on a ready matrix",
                f"{mine:,.0f}",
                f"{bare:,.0f}",
                f"{share:.3f}",
                met(share, 0.85),
            ),
            Row(
                f"the same against MLflow {mlflow.__version__}'s pyfunc in one frame",
                f"{mine:,.0f}",
                f"{its:,.0f}",
                f"{ahead:.2f}",
            ),
        ]
        peaks = {times: _peak(flights.folder, flights.model, source, times) for times in sizes}
    said = ", ".join(f"{times * rows:,} rows: {mb:,.0f} MB" for times, (mb, _) in peaks.items())
    growth = peaks[sizes[-1]][0] / peaks[sizes[0]][0]
    seconds = ", ".join(f"{one:.0f} s" for _, one in peaks.values())
    found.append(
        Row(
            "peak memory of a process that scores",
            said,
            "",
            f"{growth:.2f} of the largest to the smallest; {seconds}",
            met(growth, 1.1, most=True) + " (flat)",
        )
    )
    return found


def _write(path: Path, rows: int) -> None:
    """July's flights, again and again."""
    table = flights_table()
    july = table[table["scheduled_departure"].dt.strftime("%Y-%m") == "2013-07"]
    picked = july.iloc[np.arange(rows) % len(july)].reset_index(drop=True)
    picked.to_parquet(path, index=False)


def _matrix(source: Path, predictor: Predictor) -> np.ndarray:
    return predictor.encoder.transform(pq.read_table(source).to_pandas())


def _score(source: Path, target: Path, package: Package, problem: Problem) -> None:
    origin = Provenance("2013-07", "flights", "1", datetime.now(UTC))
    predictions.write(source, target, package.predictor, problem, origin)


def _stock(model: Any, source: Path, target: Path) -> None:
    frame = pq.read_table(source).to_pandas()
    model.predict(frame).to_parquet(target, index=False)


def _time(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _peak(folder: Path, model: str, source: Path, times: int) -> tuple[float, float]:
    """Megabytes and seconds of a process that scores so many copies in one go."""
    parts = folder / f"{times}.parquet"
    parts.mkdir()
    for number in range(times):
        (parts / f"part-{number:05d}.parquet").symlink_to(source)
    target = folder / "large.parquet"
    command = [sys.executable, "-m", "benchmarks.batch", "one", model, str(parts), str(target)]
    used = memory.run(command, stdout=subprocess.DEVNULL)
    if used.code:
        raise RuntimeError("a process that scores has failed")
    target.unlink()
    return used.megabytes, used.seconds


def _one(model: str, source: str, target: str) -> None:
    problem = problem_yaml.load(PROBLEM)
    _score(Path(source), Path(target), logged_models.load(model), problem)


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        _one(*sys.argv[2:])
    else:
        print(markdown(measure("--quick" in sys.argv)))
