"""Drift of one period: Longhaul against Evidently and NannyML, on the same rows; and its growth.

160,000 flights by 25 columns of July to December against January to May: Longhaul from the
reference that is stored with a model, Evidently's DataDriftPreset and NannyML's
UnivariateDriftCalculator from both tables in memory, each in an environment of its own. All read
the same Parquet files; what is timed is the work on tables in memory, and for Longhaul also the
whole way from Parquet, in batches.

``python -m benchmarks.drift clusters`` measures alone what counts of predictions by cluster cost,
of five million rows, or with ``--largest`` of fifty: seconds of a processor with them and without,
in turns, 160,000 at a time. The clusters are 64 groups of rows, as many as a table without times
has; months have 31 days.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks import memory, peers
from benchmarks.rows import Row, markdown, met
from longhaul.data import flights
from longhaul.estimators.sample import Sample
from longhaul.features.encoder import Encoder
from longhaul.monitoring import reference as references
from longhaul.monitoring.batches import BATCH_ROWS, Batch, align, score_columns
from longhaul.monitoring.drift import compare
from longhaul.monitoring.observation import observe
from longhaul.monitoring.reference import Reference
from longhaul.problem import Batches, Problem, Target, Windows

ROWS = 160_000
ROUNDS = 5
CLUSTERED, CLUSTERED_LARGEST = 31, 312  # times the rows: 5 and 50 million
EVIDENTLY = """
import sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
import evidently
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

before, now = (pd.read_parquet(path) for path in sys.argv[1:3])
numbers = [name for name in before if pd.api.types.is_numeric_dtype(before[name])]
definition = DataDefinition(
    numerical_columns=numbers,
    categorical_columns=[name for name in before if name not in numbers],
)
print("ready", evidently.__version__, pd.__version__, flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    tables = [Dataset.from_pandas(one, data_definition=definition) for one in (now, before)]
    Report([DataDriftPreset()]).run(*tables).dict()
    print(time.perf_counter() - began, flush=True)
"""
NANNYML = """
import sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
import nannyml
from importlib.metadata import version

before, now = (pd.read_parquet(path) for path in sys.argv[1:3])
numbers = [name for name in before if pd.api.types.is_numeric_dtype(before[name])]
others = [name for name in before if name not in numbers]
print("ready", version("nannyml"), flush=True)
for _ in sys.stdin:
    began = time.perf_counter()
    watch = nannyml.UnivariateDriftCalculator(
        column_names=list(before), treat_as_categorical=others, chunk_number=5,
        continuous_methods=["kolmogorov_smirnov", "wasserstein"],
        categorical_methods=["jensen_shannon"],
    )
    watch.fit(before).calculate(now).to_df()
    print(time.perf_counter() - began, flush=True)
"""
PROBLEM = Problem(
    "drift",
    "generated",
    Target("late"),
    Windows(("1", "1"), ("2", "2"), ("3", "3"), ("4",)),
    batches=Batches(),
)


def measure(quick: bool, largest: bool = False) -> list[Row]:
    """Against Evidently and NannyML; and what rows, clusters and columns cost."""
    rounds = 1 if quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="longhaul-") as folder:
        before, now = Path(folder) / "before.parquet", Path(folder) / "now.parquet"
        _write(before, now)
        encoder, reference = _reference(before)
        current = pd.read_parquet(now)
        rows = []
        for name, script in (("evidently", EVIDENTLY), ("nannyml", NANNYML)):
            what = f"drift of {ROWS:,} rows by {current.shape[1]} columns, in memory, {name}"
            try:
                its, version = _peer(name, script, before, now, rounds)
            except (RuntimeError, OSError, ValueError) as error:
                rows.append(Row(what, "", f"not measured: {error}"))
                continue
            ours, streamed = [], []
            for _ in range(max(rounds, 3)):
                ours.append(_time(lambda: _drift([_batch(current)], encoder, reference)))
                streamed.append(_time(lambda: _drift(_read(now), encoder, reference)))
            one, other = statistics.median(ours), statistics.median(streamed)
            rows.append(
                Row(
                    f"{what} {version}",
                    f"{one:.3f} s ({other:.3f} s from Parquet)",
                    f"{its:.2f} s",
                    f"{its / one:.0f} ({its / other:.0f} from Parquet)",
                    met(its / one, 20) if name == "evidently" else "",
                )
            )
        counts = (1, 4) if quick else (1, 10, 312)
        grown = [_memory_of(before, times) for times in counts]
        said = "; ".join(
            f"{times * ROWS:,} rows: {s:.1f} s, {mb:,.0f} MB" for times, s, mb in grown
        )
        flat = grown[-1][2] / grown[0][2]
        rows.append(
            Row("drift as rows grow: time and peak memory", said, "", f"{flat:.2f} (memory)")
        )
        times = CLUSTERED_LARGEST if largest else 4 if quick else CLUSTERED
        rows.append(_clusters(now, encoder, reference, times))
        rows.append(_wide((25, 250) if quick else (25, 250, 1000)))
    return rows


def _peer(name: str, script: str, before: Path, now: Path, rounds: int) -> tuple[float, str]:
    """Median seconds of a peer, which reads both tables first; and its version."""
    process = subprocess.Popen(
        [peers.python(name), "-c", script, before, now],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    with process:
        _, version = process.stdout.readline().split()[:2]
        found = []
        for _ in range(rounds):
            print("again", file=process.stdin, flush=True)
            found.append(float(process.stdout.readline()))
        process.stdin.close()
    return statistics.median(found), version


def _memory_of(before: Path, times: int) -> tuple[int, float, float]:
    command = [sys.executable, "-m", "benchmarks.drift", "memory", str(before), str(times)]
    used = memory.run(command)
    if used.code:
        raise RuntimeError("a process that watches has failed")
    return times, used.seconds, used.megabytes


def _clusters(now: Path, encoder: Encoder, reference: Reference, times: int) -> Row:
    """What counts by cluster cost: processor time with them and without, in turns."""
    spent: dict[bool, list[float]] = {True: [], False: []}
    for place in range(times):
        for clustered in (True, False) if place % 2 else (False, True):
            began = time.process_time()
            _drift(_read(now, clustered=clustered), encoder, reference)
            spent[clustered].append(time.process_time() - began)
    ours, other = sum(spent[True]), sum(spent[False])
    low, high = np.quantile(np.divide(spent[True], spent[False]), [0.25, 0.75])
    return Row(
        f"counts by cluster, {times * ROWS:,} rows from Parquet: processor time, against none",
        f"{ours:.1f} s",
        f"{other:.1f} s",
        f"{ours / other:.2f} (theirs; the middle half of {times} turns {low:.2f} to {high:.2f})",
    )


def _wide(widths: tuple[int, ...]) -> Row:
    """What columns cost: 100,000 rows of numbers."""
    generator, found = np.random.default_rng(0), []
    for width in widths:
        frame = pd.DataFrame(generator.normal(size=(100_000, width))).add_prefix("x")
        encoder, reference = _known(frame, generator.integers(0, 5, len(frame)).astype(str))
        batches = [_batch(frame.iloc[i : i + BATCH_ROWS]) for i in range(0, len(frame), BATCH_ROWS)]
        found.append(_time(partial(_drift, batches, encoder, reference)))
    said = "; ".join(f"{n:,} columns: {s:.2f} s" for n, s in zip(widths, found, strict=True))
    slope = np.log(found[-1] / found[0]) / np.log(widths[-1] / widths[0])
    return Row("drift as columns grow, 100,000 rows of numbers", said, "", f"time n^{slope:.2f}")


def _write(before: Path, now: Path) -> None:
    """Both tables, without the time: Evidently takes none."""
    frame = flights.read()
    spring = frame["scheduled_departure"] < "2013-06"
    later = frame["scheduled_departure"] >= "2013-07"
    columns = frame.columns.drop(["late", "tailnum", "scheduled_departure"])
    month = frame["scheduled_departure"].dt.strftime("%Y-%m")
    frame.loc[spring, columns].assign(period=month[spring]).to_parquet(before, index=False)
    drawn = frame.loc[later, columns].sample(ROWS, random_state=0)
    drawn.to_parquet(now, index=False)
    frame.loc[spring, columns].to_parquet(before.with_name("plain.parquet"), index=False)


def _reference(before: Path) -> tuple[Encoder, Reference]:
    """What would be stored with a model; it is made once, when the model is."""
    frame = pd.read_parquet(before)
    period = frame.pop("period").to_numpy(dtype=str)
    frame.to_parquet(before, index=False)
    return _known(frame, period)


def _known(frame: pd.DataFrame, period: np.ndarray) -> tuple[Encoder, Reference]:
    encoder = Encoder.fit(frame, frame.columns)
    generator = np.random.default_rng(0)
    outcome = generator.uniform(size=len(frame)) < 0.25
    probability = np.where(outcome, 0.4, 0.2)
    sample = Sample(encoder.transform(frame), outcome)
    return encoder, Reference(
        **references.fit(frame, sample, period, encoder, 50),
        **references.fit_scores(
            Target("late"),
            outcome,
            {"probability": probability, "decision": probability > 0.3},
            50,
            period,
        ),
        importance=dict.fromkeys(frame.columns, 1 / frame.shape[1]),
    )


def _drift(batches: list[Batch] | Iterator[Batch], encoder: Encoder, reference: Reference) -> None:
    seen = observe(batches, encoder, reference, PROBLEM)
    assert seen is not None
    compare(reference, seen.counts, seen.score_histogram, 0.05)


def _batch(frame: pd.DataFrame, clustered: bool = True) -> Batch:
    count = len(frame)
    probability, unknown = np.full(count, 0.25), np.full(count, np.nan)
    columns = {"probability": probability, "decision": probability > 0.3}
    if clustered:
        return align(frame, columns, unknown, PROBLEM, np.arange(count))
    scored = score_columns(columns, unknown, PROBLEM.target)
    return Batch(**vars(scored), frame=frame, raw=probability, cluster=np.zeros(count, dtype="U1"))


def _read(path: Path, times: int = 1, clustered: bool = True) -> Iterator[Batch]:
    for _ in range(times):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                yield _batch(batch.to_pandas(), clustered)


def _time(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _memory(before: Path, times: int) -> None:
    """In a process of its own: so many times the rows."""
    now = before.with_name("now.parquet")
    frame = pd.read_parquet(before)
    encoder, reference = _known(frame, np.where(np.arange(len(frame)) % 2, "a", "b"))
    del frame
    _drift(_read(now, times), encoder, reference)


def _clusters_alone(largest: bool) -> Row:
    with tempfile.TemporaryDirectory(prefix="longhaul-") as folder:
        before, now = Path(folder) / "before.parquet", Path(folder) / "now.parquet"
        _write(before, now)
        return _clusters(now, *_reference(before), CLUSTERED_LARGEST if largest else CLUSTERED)


if __name__ == "__main__":
    if sys.argv[1:2] == ["clusters"]:
        print(markdown([_clusters_alone("--largest" in sys.argv)]))
    elif sys.argv[1:2] == ["memory"]:
        _memory(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        print(markdown(measure("--quick" in sys.argv)))
