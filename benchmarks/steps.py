"""What one step costs that does nothing: Longhaul, MLflow Projects, Metaflow, Kedro and DVC.

Of every tool, a chain of two and a chain of six such steps: the difference, by four, is what one
more step costs, whatever it takes to start the tool itself. Longhaul's and MLflow's steps are runs
in a tracking store; Kedro's are functions in one process, which is as little as a step can be.
"""

import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import mlflow

from benchmarks import peers
from benchmarks.rows import Row, markdown
from longhaul.pipeline import warm_backend

FEW, MANY = 2, 6
MLPROJECT = """
name: noop
python_env: python_env.yaml
entry_points:
  noop: {command: python -m noop}
"""
STEP = """
import mlflow
with mlflow.start_run():
    mlflow.log_metric("done", 1)
"""


def measure(quick: bool) -> list[Row]:
    """A row for each tool; Longhaul's warm backend against it."""
    rounds = 1 if quick else 3
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        folder = Path(temporary)
        sides: dict[str, Callable[[int], float]] = {
            "MLflow Projects": lambda count: _mlflow(folder, "local", count),
            "Metaflow": lambda count: _metaflow(folder, count),
            "DVC": lambda count: _dvc(folder, count),
            "Kedro": lambda count: _kedro(folder, count),
        }
        _project(folder)
        _mlflow(folder, warm_backend.NAME, 1)
        ours = _step(lambda count: _mlflow(folder, warm_backend.NAME, count), max(rounds, 3))
        rows = []
        for name, run in sides.items():
            what = f"one more step that does nothing, {name} {_version(name)}".strip()
            try:
                other = _step(run, rounds)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                rows.append(Row(what, f"{ours:.2f} s", f"not measured: {error}"))
                continue
            rows.append(
                Row(what, f"{1000 * ours:.0f} ms", f"{1000 * other:.1f} ms", f"{other / ours:.2g}")
            )
    return rows


def _step(run: Callable[[int], float], rounds: int) -> float:
    """Seconds that one more step takes: the median of rounds."""
    return statistics.median((run(MANY) - run(FEW)) / (MANY - FEW) for _ in range(rounds))


def _version(name: str) -> str:
    try:
        return mlflow.__version__ if name == "MLflow Projects" else peers.version(name.lower())
    except (RuntimeError, subprocess.CalledProcessError):
        return ""


def _project(folder: Path) -> None:
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    (folder / "MLproject").write_text(MLPROJECT)
    (folder / "python_env.yaml").write_text("python: '3.11'\n")
    (folder / "noop.py").write_text(STEP)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.create_experiment("noop", artifact_location=f"file://{folder}/artifacts")
    mlflow.set_experiment("noop")
    warm_backend.register()


def _mlflow(folder: Path, backend: str, count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        run = mlflow.run(
            str(folder),
            "noop",
            backend=backend,
            env_manager="local",
            synchronous=backend == "local",
        )
        if not run.wait():
            raise RuntimeError(f"a step failed on the {backend} backend")
    return time.perf_counter() - began


def _metaflow(folder: Path, count: int) -> float:
    """Its start and end steps belong to the tool, and are there in both chains."""
    lines = ["from metaflow import FlowSpec, step", "class Chain(FlowSpec):"]
    names = ["start", *(f"s{n}" for n in range(count)), "end"]
    for name, after in zip(names, [*names[1:], ""], strict=True):
        body = f"self.next(self.{after})" if after else "pass"
        lines += ["    @step", f"    def {name}(self):", f"        {body}"]
    (folder / "chain.py").write_text("\n".join([*lines, "Chain()", ""]))
    environment = {**os.environ, "USERNAME": "benchmark", "METAFLOW_HOME": str(folder)}
    command = [str(peers.python("metaflow")), "chain.py", "--quiet", "run"]
    return _time(command, folder, environment)


def _dvc(folder: Path, count: int) -> float:
    home = folder / f"dvc-{count}-{time.monotonic_ns()}"
    home.mkdir()
    python = peers.python("dvc")
    dvc = [str(python), "-m", "dvc"]
    subprocess.run([*dvc, "init", "--no-scm", "-q"], cwd=home, check=True, capture_output=True)
    steps = ["steps:"]
    for number in range(count):
        needed = f"    deps: [d{number - 1}]\n" if number else ""
        command = f"{python} -c \"open('d{number}','w').write('x')\""
        steps.append(f"  s{number}:\n    cmd: {command}\n{needed}    outs: [d{number}]")
    (home / "dvc.yaml").write_text("\n".join(steps) + "\n")
    return _time([*dvc, "repro", "-q"], home, dict(os.environ))


def _kedro(folder: Path, count: int) -> float:
    """Repeated in one process: a step takes less than what a process' start varies by."""
    script = (
        "import logging, sys, time; logging.disable(logging.CRITICAL)\n"
        "from kedro.io import DataCatalog, MemoryDataset\n"
        "from kedro.pipeline import node, pipeline\n"
        "from kedro.runner import SequentialRunner\n"
        "count = int(sys.argv[1])\n"
        "steps = [node(lambda x: x, f'd{n}', f'd{n + 1}', name=f'n{n}') for n in range(count)]\n"
        "chain = pipeline(steps)\n"
        "def once():\n"
        "    SequentialRunner().run(chain, DataCatalog({'d0': MemoryDataset(1)}))\n"
        "once(); began = time.perf_counter()\n"
        "for _ in range(20): once()\n"
        "print((time.perf_counter() - began) / 20)\n"
    )
    command = [str(peers.python("kedro")), "-W", "ignore", "-c", script, str(count)]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return float(done.stdout.strip().splitlines()[-1])


def _time(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    print(markdown(measure("--quick" in sys.argv)))
