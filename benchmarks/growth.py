"""How the steps grow with a table: time and peak memory, and their slopes.

Tables of twenty columns, each step a process of its own. LightGBM learns fast, so that early
stopping ends it after some twenty trees. The slope of log time over log rows says what growth
costs: 1 is in proportion. ``python -m benchmarks --only growth --largest`` adds 30 million rows,
which takes half an hour and is no part of the whole.
"""

import json
import math
import os
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import psutil

from benchmarks import large
from benchmarks.rows import Row, markdown

SIZES, LARGEST = (300_000, 3_000_000), 30_000_000
SETTINGS = {"learning_rate": 0.3, "patience": 10}
STAGES = ("ingest", "validate", "split", "train", "score", "monitor")


def measure(quick: bool, largest: bool = False) -> list[Row]:
    """A row for each step, with all sizes in it."""
    sizes = SIZES[:1] if quick else (*SIZES, LARGEST) if largest else SIZES
    found: dict[str, list[tuple[float, float] | str]] = {name: [] for name in STAGES}
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="longhaul-") as folder:
            for name, one in _life(Path(folder), rows).items():
                found[name].append(one)
                print(f"{rows:,} {name}: {one}", flush=True)
    memory = psutil.virtual_memory().total / 1e9
    return [
        Row(
            f"{name}: seconds and peak memory at {', '.join(f'{n / 1e6:g}' for n in sizes)}"
            f" million rows ({os.cpu_count()} processors, {memory:.0f} GB)",
            "; ".join(_said(one) for one in figures),
            "",
            _slope(figures),
        )
        for name, figures in found.items()
    ]


def _said(one: tuple[float, float] | str) -> str:
    return one if isinstance(one, str) else f"{one[0]:.1f} s, {one[1]:.1f} GB"


def _slope(figures: list[tuple[float, float] | str]) -> str:
    known = [one for one in figures if not isinstance(one, str)]
    slopes = [
        (math.log10(later[0] / first[0]), math.log10(later[1] / first[1]))
        for first, later in pairwise(known)
    ]
    return "; ".join(f"time n^{time:.2f}, memory n^{memory:.2f}" for time, memory in slopes)


def _life(folder: Path, rows: int) -> dict[str, tuple[float, float] | str]:
    """Each step at one size; from the first that breaks on, why."""
    large.write(folder / "large.parquet", rows)
    (folder / "large.yaml").write_text(large.PROBLEM)
    found: dict[str, tuple[float, float] | str] = {}
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    place = {"problem": str(folder / "large.yaml"), "settings": str(folder / "settings.json")}
    for name in STAGES:
        try:
            seconds, gigabytes, run = large.step(folder, name, **_given(name, place))
        except RuntimeError as error:
            return {**found, **dict.fromkeys(STAGES[len(found) :], f"breaks: {error}")}
        found[name] = (seconds, gigabytes)
        place[name] = f"runs:/{run}"
        if name == "train":
            large.register(folder, f"{place['train']}/model")
    return found


def _given(name: str, place: dict[str, str]) -> dict[str, object]:
    table = f"{place.get('validate', '')}/table"
    scored: dict[str, object] = {
        "model": "models:/large/1",
        "table": table,
        "period": "2020-09",
        "engine": "local",
    }
    given: dict[str, dict[str, object]] = {
        "ingest": {"problem": place["problem"], "engine": "local"},
        "validate": {"table": f"{place.get('ingest', '')}/table", "engine": "local"},
        "split": {"table": table, "until": "", "window": "expanding"},
        "train": {
            "split": f"{place.get('split', '')}/split",
            "family": "lightgbm",
            "settings": place["settings"],
            "seed": 0,
            "threads": 0,
            "cross_fit": True,
        },
        "score": scored,
        "monitor": {
            **scored,
            "predictions": f"{place.get('score', '')}/predictions",
            "fail_on": "never",
        },
    }
    return given[name]


if __name__ == "__main__":
    print(markdown(measure("--quick" in sys.argv)))
