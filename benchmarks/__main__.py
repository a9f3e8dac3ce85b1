"""All benchmarks, one table: ``python -m benchmarks``, or ``python -m benchmarks --quick``.

Each runs in a process of its own, both sides on this machine and in this run. What cannot be
measured here is in the table too, with the reason.
"""

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import psutil

from benchmarks.rows import Row, markdown

PROJECT = Path(__file__).resolve().parents[1]
SECTIONS = {
    "steps": "What a step costs",
    "chain": "What chaining costs",
    "life": "Where the time of a life cycle goes",
    "search": "Search",
    "batch": "Batch scoring",
    "drift": "Monitoring",
    "serving": "Serving",
    "growth": "Growth",
}

# What a figure depends on, and what stands between one and its goal.
REMARKS = {
    "steps": "A step of Longhaul or MLflow is a run in a store: made, measured, closed. DVC's is a"
    " command, Kedro's a function call; neither has a record of its own.",
    "chain": "What is above the limit is the price of a process for each step: every one opens the"
    " store for itself, where MLflow reads its 68 migrations and compiles its queries anew, and"
    " grows its own memory; and the first waits until the fork server has imported what all of"
    " them need. It is a share of the time, so it falls as tables grow.",
    "search": "Losses of one validation month differ by some 0.002 between settings that are nearly"
    " the same, so when a search passes one given loss is a matter of luck: hence the figure of"
    " each seed. The good settings learn slowly: three to five seconds of a processor a trial, of"
    " which a third of plain hyperopt's time holds five.",
    "serving": "An echo reads no JSON, predicts nothing and keeps no record. The more rows a"
    " request has, the larger the part of LightGBM's walk through its trees, the same for all.",
    "growth": "What breaks first is memory, of `train` and `ingest`, which hold the table: half a"
    " gigabyte for a million of these rows, so that 24 GB end at some 45 million. `score` and"
    " `monitor` read in batches, and end nowhere near. Past that, or where minutes are too long"
    " for `ingest`, `engine=spark` takes the tables to a cluster; `train` wants a sample.",
}


@click.command()
@click.option("--quick", is_flag=True, help="Fewer rounds and smaller tables.")
@click.option(
    "--largest",
    is_flag=True,
    help="Growth to 30 million rows, clusters of 50: 40 minutes more.",
)
@click.option("--only", default="", help="Sections, with commas between; all others stay.")
@click.option("--table", default=str(PROJECT / "docs" / "benchmarks.json"), help="The figures.")
@click.option("--one", default="", hidden=True, type=click.Choice(["", *SECTIONS]))
def main(quick: bool, largest: bool, only: str, table: str, one: str) -> None:
    """Measure; write the figures, and the page made of them beside it."""
    flags = [*(["--quick"] if quick else []), *(["--largest"] if largest else [])]
    if one:
        more = {"largest": largest} if one in {"growth", "drift"} else {}
        rows = import_module(f"benchmarks.{one}").measure(quick, **more)
        Path(table).write_text(json.dumps([asdict(row) for row in rows]))
        return
    path = Path(table)
    found = json.loads(path.read_text()) if only and path.is_file() else {}
    for name in only.split(",") if only else SECTIONS:
        click.echo(f"{name} …", err=True)
        found[name] = _measure(name, flags, path)
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        path.with_suffix(".md").write_text(page(found))
    click.echo(page(found))


def page(found: dict[str, dict[str, Any]]) -> str:
    """The figures as a page."""
    lines = [
        "# Benchmarks",
        "",
        "Made by `python -m benchmarks`; `--quick` takes fewer rounds and smaller tables. Both"
        " sides of a row were measured in the same run, on the same machine and the same data,"
        " medians of several rounds. Peers are installed by the script, in environments of their"
        " own. A ratio is the other's time by Longhaul's, or Longhaul's rate by the other's,"
        " unless it says otherwise.",
    ]
    for name, title in SECTIONS.items():
        if name not in found:
            continue
        section = found[name]
        rows = [Row(**row) for row in section["rows"]]
        lines += ["", f"## {title}", "", f"`benchmarks/{name}.py`: {section['how']}.", ""]
        lines += [markdown(rows)]
        if name in REMARKS:
            lines += ["", REMARKS[name]]
    return "\n".join(lines) + "\n"


def _measure(name: str, flags: list[str], path: Path) -> dict[str, Any]:
    """One section in a process of its own; should it fail, its row says why."""
    part, began = path.with_suffix(f".{name}"), time.perf_counter()
    given = ["--one", name, "--table", str(part), *flags]
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks", *given]
    done = subprocess.run(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        rows = [asdict(Row(name, f"not measured: {said[:200]}"))]
    else:
        rows = json.loads(part.read_text())
    part.unlink(missing_ok=True)
    took = time.perf_counter() - began
    mode = " ".join(flags).replace("--", "") or "in full"
    how = f"{datetime.now(UTC):%Y-%m-%d}, {mode}, {took / 60:.1f} minutes on {_machine()}"
    return {"how": how, "rows": rows}


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} processors, {memory:.0f} GiB, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
