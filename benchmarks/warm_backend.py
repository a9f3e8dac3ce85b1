"""How much less a step costs to start: the warm backend against MLflow's local one.

Both run the same step, which logs one metric, in the same project and store, in turn. Run it with
``python -m benchmarks.warm_backend``.
"""

import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import click
import mlflow

from longhaul.workflow import warm

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


@click.command()
@click.option("--repeats", default=7, type=click.IntRange(min=1), help="Steps on each side.")
def main(repeats: int) -> None:
    """Print the seconds that each backend needs for the same step, and their ratio."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        project = _project(Path(folder))
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        mlflow.create_experiment("noop", artifact_location=f"file://{folder}/artifacts")
        mlflow.set_experiment("noop")
        warm.register()
        for backend in ("local", warm.NAME):
            _seconds(project, backend)
        pairs = [(_seconds(project, "local"), _seconds(project, warm.NAME)) for _ in range(repeats)]
    local, warmed = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    click.echo(f"local backend  {local:6.2f} s per step (median of {repeats})")
    click.echo(f"warm backend   {warmed:6.2f} s per step")
    click.echo(f"ratio          {ratio:6.1f} (median of the pairs)")


def _project(folder: Path) -> Path:
    (folder / "MLproject").write_text(MLPROJECT)
    (folder / "python_env.yaml").write_text("python: '3.11'\n")
    (folder / "noop.py").write_text(STEP)
    return folder


def _seconds(project: Path, backend: str) -> float:
    began = time.perf_counter()
    run = mlflow.run(
        str(project),
        "noop",
        backend=backend,
        env_manager="local",
        synchronous=backend == "local",
    )
    if not run.wait():
        raise click.ClickException(f"the step failed on the {backend} backend")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
