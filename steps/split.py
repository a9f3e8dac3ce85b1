"""Cut the table into training, validation and test windows, by time."""

import click
import mlflow

from longhaul.data import split as splits
from longhaul.data import table as tables
from longhaul.data import windows
from longhaul.pipeline.step import stage
from longhaul.tracking import artifacts, datasets


@stage
@click.option("--table", required=True, help="The table folder of validate.")
@click.option("--until", required=True, help="The newest period to use; empty: as declared.")
@click.option("--window", required=True, help="extended or sliding, with --until.")
def split(table: str, until: str, window: str) -> str:
    """Write each window as one file, with a summary of what it covers."""
    source = artifacts.fetch(table)
    problem = tables.problem(source)
    if until:
        problem = windows.until(problem, tables.periods(source), until, window)
    frames = splits.cut(source, problem)
    with artifacts.log_folder("split") as folder:
        splits.write(folder, problem, frames, source)
        summary = splits.windows(folder)
    for name, frame in frames.items():
        digest = datasets.digest(frame)
        datasets.log(frame, f"{problem.name}-{name}", table, digest, context=name)
    mlflow.log_metrics({f"{name}_rows": len(frame) for name, frame in frames.items()})
    return ", ".join(f"{name} {figures['rows']:,}" for name, figures in summary.items()) + " rows"


if __name__ == "__main__":
    split()
