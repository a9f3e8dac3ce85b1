"""The source as one Parquet file per period, with only what is known in time to predict."""

import click
import mlflow
import pandas as pd

from longhaul import problem as problems
from longhaul.data import periods, profile, source, split, table
from longhaul.data.labels import outcomes
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from longhaul.tracking import artifacts, datasets
from longhaul.workflow import caller
from longhaul.workflow.stage import stage


@stage
@click.option("--problem", required=True, help="A problem file, or the name of one in problems/.")
def ingest(problem: str) -> str:
    """Read the source; write its periods and their profile."""
    path = caller.problem_file(problem)
    declared = problems.load(path)
    _require_labels(declared)
    frame = source.read(declared, path.parent)
    _require_classes(frame, declared)
    with artifacts.folder("table") as folder:
        found = table.write(folder, declared, frame)
        for name in (*split.WINDOWS, "production"):
            table.select(found, getattr(declared.windows, name), name)
    description = profile.profile(frame, declared)
    mlflow.log_dict(description, "profile.json")
    datasets.log(
        frame,
        name=declared.name,
        source=source.address(declared, path.parent),
        digest=source.digest(declared, path.parent),
        context="ingest",
    )
    mlflow.log_metrics(
        {name: description[name] for name in ("rows", "positive_share")} | {"periods": len(found)}
    )
    for label, figures in description["periods"].items():
        by_period = {f"period_{name}": value for name, value in figures.items()}
        mlflow.log_metrics(by_period, step=periods.step(label))
    positive = f"{declared.target.column} = {declared.target.positive}"
    share = f"{description['positive_share']:.1%} {positive}"
    return f"{len(frame):,} rows, {len(found)} {declared.time.period}s, {share}"


def _require_labels(problem: Problem) -> None:
    """Refuse a window of other periods than the table's: it would lose rows at its ends."""
    length = problem.time.period
    for name in (*split.WINDOWS, "production"):
        for bound in getattr(problem.windows, name):
            if not periods.is_label(bound, length):
                raise LonghaulError(
                    f"windows.{name}: {bound!r} is not a {length};"
                    f" time.period asks for labels such as {periods.example(length)}"
                )


def _require_classes(frame: pd.DataFrame, problem: Problem) -> None:
    """Refuse a target with one class: there is nothing to tell apart."""
    share = outcomes(frame, problem.target).mean()
    if share in {0, 1}:
        values = ", ".join(map(str, frame[problem.target.column].unique()[:5]))
        raise LonghaulError(
            f"target {problem.target.column!r}: {share:.0%} of the rows are"
            f" {problem.target.positive!r}; both classes are needed, the values found are {values}"
        )


if __name__ == "__main__":
    ingest()
