"""Drift of one period: Longhaul against Evidently, on the same rows.

``python -m benchmarks.drift`` measures 160,000 flights by 25 columns of July to December against
January to May: Longhaul from the reference that is stored with a model, Evidently's
DataDriftPreset from both tables in memory, in an environment of its own (it does not import with
pandas 3), which is made with uv on the first run. Both read the same Parquet files; what is timed
is the work on tables in memory, and for Longhaul also the whole way from Parquet, in batches.
Then Longhaul's peak memory for one, ten and forty times as many rows.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from longhaul.data import flights
from longhaul.features.encoder import Encoder
from longhaul.learning.sample import Sample
from longhaul.monitoring import reference as references
from longhaul.monitoring.batches import BATCH_ROWS, Batch
from longhaul.monitoring.drift import compare
from longhaul.monitoring.observation import observe
from longhaul.monitoring.reference import Reference
from longhaul.problem import Target

ROWS = 160_000
ROUNDS = 5
PINS = ("evidently==0.7.23", "pandas<3", "pyarrow")
HOME = Path(tempfile.gettempdir()) / "longhaul-evidently"
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


def main() -> None:
    """Print both times, their ratio, and Longhaul's memory."""
    if sys.argv[1:2] == ["memory"]:
        return _memory(Path(sys.argv[2]), int(sys.argv[3]))
    with tempfile.TemporaryDirectory(prefix="longhaul-") as folder:
        before, now = Path(folder) / "before.parquet", Path(folder) / "now.parquet"
        _write(before, now)
        encoder, reference = _reference(before)
        current = pd.read_parquet(now)
        peer = subprocess.Popen(
            [_environment(), "-c", EVIDENTLY, before, now],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert peer.stdin
        assert peer.stdout
        _, version, its_pandas = peer.stdout.readline().split()
        print(
            f"{ROWS:,} rows by {current.shape[1]} columns against {len(pd.read_parquet(before)):,};"
            f" pandas {pd.__version__}; Evidently {version} with pandas {its_pandas};"
            f" medians of {ROUNDS}"
        )
        ours, streamed, theirs = [], [], []
        for _ in range(ROUNDS):
            ours.append(_time(lambda: _drift([_batch(current)], encoder, reference)))
            streamed.append(_time(lambda: _drift(_read(now), encoder, reference)))
            print("again", file=peer.stdin, flush=True)
            theirs.append(float(peer.stdout.readline()))
        peer.stdin.close()
        peer.wait()
        one, other, its = map(statistics.median, (ours, streamed, theirs))
        print(f"Longhaul, in memory      {one:7.3f} s")
        print(f"Longhaul, from Parquet   {other:7.3f} s")
        print(f"Evidently, in memory     {its:7.3f} s")
        print(f"ratio                    {its / one:7.1f}  (from Parquet {its / other:.1f})")
        for times in (1, 10, 40):
            subprocess.run(
                [sys.executable, "-m", "benchmarks.drift", "memory", before, str(times)], check=True
            )
    return None


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
    encoder = Encoder.fit(frame, frame.columns)
    generator = np.random.default_rng(0)
    outcome = generator.uniform(size=len(frame)) < 0.25
    probability = np.where(outcome, 0.4, 0.2)
    sample = Sample(encoder.transform(frame), outcome)
    return encoder, Reference(
        **references.learn(frame, sample, period, encoder, 50),
        **references.learn_scores(
            Target("late"), outcome, {"probability": probability, "decision": probability > 0.3}, 50
        ),
        importance=dict.fromkeys(frame.columns, 1 / frame.shape[1]),
    )


def _drift(batches: list[Batch] | Iterator[Batch], encoder: Encoder, reference: Reference) -> None:
    seen = observe(batches, encoder, reference)
    assert seen is not None
    compare(reference, seen.counted, seen.tally, 0.05)


def _batch(frame: pd.DataFrame) -> Batch:
    count = len(frame)
    probability = np.full(count, 0.25)
    return Batch(frame, probability, probability > 0.3, np.full(count, 2))


def _read(path: Path, times: int = 1) -> Iterator[Batch]:
    for _ in range(times):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                yield _batch(batch.to_pandas())


def _time(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _memory(before: Path, times: int) -> None:
    """In a process of its own: the peak while so many times the rows go through."""
    now = before.with_name("now.parquet")
    frame = pd.read_parquet(before)
    encoder = Encoder.fit(frame, frame.columns)
    halves = np.where(np.arange(len(frame)) % 2, "a", "b")
    outcome = np.arange(len(frame)) % 4 == 0
    probability = np.where(outcome, 0.4, 0.2)
    reference = Reference(
        **references.learn(frame, Sample(encoder.transform(frame), outcome), halves, encoder, 50),
        **references.learn_scores(
            Target("late"), outcome, {"probability": probability, "decision": probability > 0.3}, 50
        ),
        importance={},
    )
    del frame
    _drift(_read(now), encoder, reference)
    first = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    _drift(_read(now, times), encoder, reference)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = time.perf_counter() - began
    print(
        f"{times * ROWS:>11,} rows: {spent:6.1f} s, peak {peak / 1024:,.0f} MB,"
        f" {(peak - first) / 1024:,.0f} MB above that of {ROWS:,} rows"
    )


def _environment() -> Path:
    """Evidently's Python, made if need be."""
    python = HOME / "bin" / "python"
    if not python.exists():
        subprocess.run(["uv", "venv", "-q", HOME, "--python", "3.11"], check=True)
        subprocess.run(["uv", "pip", "install", "-q", "--python", python, *PINS], check=True)
    return python


if __name__ == "__main__":
    main()
