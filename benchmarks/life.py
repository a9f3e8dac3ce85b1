"""Where the time of `main` goes: a whole life cycle of the flights, once, at its defaults.

Run as a user runs it, in an empty folder of its own; the times are those of the runs in its store.
Each moment belongs to the steps at work then that have none below them at work, in equal parts; a
search's trials are the search. What is left to a step that runs others is starting them, waiting
for them to be ready, and deciding between them.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import mlflow
from mlflow.entities import Run

from benchmarks.rows import Row, markdown

PROJECT = Path(__file__).resolve().parents[1]
OTHERS = {"main", "cycle", "retrain"}  # steps that run others
SMALL = 0.01  # of the whole: what takes less is one row
_STAGE, _PARENT = "mlflow.project.entryPoint", "mlflow.parentRunId"


def measure(quick: bool) -> list[Row]:
    """A row for each step, the largest first; in quick mode none."""
    if quick:
        return [Row("a whole life cycle of the flights", "in full only: it takes minutes")]
    with tempfile.TemporaryDirectory(prefix="longhaul-") as folder:
        began = time.perf_counter()
        _live(Path(folder))
        wall = time.perf_counter() - began
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        found = mlflow.search_runs(search_all_experiments=True, output_format="list")
    steps = [run for run in found if _STAGE in run.data.tags]
    spent, counts = _spent(steps), Counter(run.data.tags[_STAGE] for run in steps)
    spent["`mlflow run` itself"] = wall - sum(spent.values())
    ordered = sorted(spent.items(), key=lambda one: -one[1])
    shown = [(name, seconds) for name, seconds in ordered if seconds >= SMALL * wall]
    rows = [Row(f"`main` at its defaults, {len(steps) - 1} steps", f"{wall:.0f} s", "", "1")]
    rows += [
        Row(_called(name, counts[name]), f"{seconds:.1f} s", "", f"{seconds / wall:.1%}")
        for name, seconds in shown
    ]
    rest = wall - sum(seconds for _, seconds in shown)
    return [*rows, Row("all other steps", f"{rest:.1f} s", "", f"{rest / wall:.1%}")]


def _called(name: str, count: int) -> str:
    times = f", {count} times" if count > 1 else ""
    what = ": starting steps, deciding between them" if name in OTHERS else ""
    return f"{name}{times}{what}"


def _live(folder: Path) -> None:
    command = [sys.executable, "-m", "mlflow", "run", str(PROJECT), "--env-manager", "local"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"main: {(done.stdout + done.stderr).strip()[-300:]}")


def _spent(steps: list[Run]) -> dict[str, float]:
    """Seconds of each entry point."""
    ends = {one.info.run_id: one.info.end_time for one in steps}
    moments = sorted({t for one in steps for t in (one.info.start_time, ends[one.info.run_id])})
    spent: dict[str, float] = defaultdict(float)
    for start, end in pairwise(moments):
        at_work = [
            one for one in steps if one.info.start_time <= start and ends[one.info.run_id] >= end
        ]
        above = {one.data.tags.get(_PARENT) for one in at_work}
        lowest = [one for one in at_work if one.info.run_id not in above]
        for one in lowest:
            spent[one.data.tags[_STAGE]] += (end - start) / 1000 / len(lowest)
    return spent


if __name__ == "__main__":
    print(markdown(measure("--quick" in sys.argv)))
