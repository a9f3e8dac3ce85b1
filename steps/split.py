"""Cut the table into training, validation and test windows, by time."""

import mlflow

from longhaul.data import windows
from longhaul.data.split import Split, cut_windows
from longhaul.data.table import PeriodTable
from longhaul.pipeline.parameters import Window
from longhaul.pipeline.step import step
from longhaul.tracking import artifacts, datasets


@step
def split(table: str, until: str, window: Window) -> str:
    """Write each window as one file, with a summary of its periods and rows."""
    source = PeriodTable(artifacts.fetch(table))
    problem = source.problem
    if until:
        problem = windows.until(problem, source.periods, until, window)
    frames = cut_windows(source, problem)
    with artifacts.log_folder("split") as folder:
        Split(folder).write(problem, frames, source.folder)
        summary = Split(folder).summary()
    for name, frame in frames.items():
        digest = datasets.digest(frame)
        datasets.log(frame, f"{problem.name}-{name}", table, digest, context=name)
    mlflow.log_metrics({f"{name}_rows": len(frame) for name, frame in frames.items()})
    return ", ".join(f"{name} {figures['rows']:,}" for name, figures in summary.items()) + " rows"


if __name__ == "__main__":
    split()
