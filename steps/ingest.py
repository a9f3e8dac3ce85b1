"""The source as one Parquet file per period, with only what is known in time to predict."""

from dataclasses import replace
from math import isfinite

import click
import mlflow
import pandas as pd

from longhaul import problem as problems
from longhaul.data import periods, profile, source, split, table
from longhaul.data.labels import known, outcomes, resolve
from longhaul.errors import LonghaulError
from longhaul.plain import name_of_metric
from longhaul.problem import Problem, Target
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
    found = source.read(declared, path.parent, artifacts.fetch)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    declared = replace(declared, target=resolve(found.frame, declared.target))
    frame, unlabelled = _labelled(found.frame, declared)
    _require_variety(frame, declared)
    with artifacts.folder("table") as folder:
        periods_found = table.write(folder, declared, frame, path.parent)
        for name in (*split.WINDOWS, *(["production"] if declared.windows.production[1:] else [])):
            table.select(periods_found, getattr(declared.windows, name), name)
    aside = pd.concat([found.unfit, unlabelled])
    if len(aside):
        with artifacts.folder("quarantine") as folder:
            table.write_file(aside, folder / "ingest.parquet")
    description = profile.profile(frame, declared)
    mlflow.log_dict(
        {**description, "notes": found.notes, "quarantined": len(aside)}, "profile.json"
    )
    datasets.log(
        frame,
        name=declared.name,
        source=source.address(declared, path.parent),
        digest=source.digest(declared, path.parent, artifacts.fetch),
        context="ingest",
    )
    counts = {"rows": len(frame), "periods": len(periods_found), "quarantined": len(aside)}
    mlflow.log_metrics({**counts, **_metrics(description["outcome"])})
    for label, each in description["periods"].items():
        by_period = {f"period_{name}": value for name, value in _metrics(each).items()}
        mlflow.log_metrics(by_period, step=periods.step(label))
    share = _outcome(description["outcome"], declared.target)
    counted = (
        f"{len(frame):,} rows, {len(periods_found)} {periods.plural(declared.length)}, {share}"
    )
    return counted + (f"; {len(aside):,} rows set aside" if len(aside) else "")


def _labelled(frame: pd.DataFrame, problem: Problem) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows without an outcome, where one is needed to learn from, are set aside.

    In production outcomes may come later, or never.
    """
    period = periods.of(frame, problem)
    needed = period.map(lambda label: not problem.windows.produces(label))
    unknown = needed & frame[problem.target.column].isna()
    reason = f"{problem.target.column} is missing: no outcome to learn from"
    return frame[~unknown].reset_index(drop=True), frame[unknown].assign(reason=reason)


def _require_labels(problem: Problem) -> None:
    """Refuse a window of other periods than the table's: it would lose rows at its ends."""
    length = problem.length
    for name in (*split.WINDOWS, "production"):
        for bound in getattr(problem.windows, name):
            if not periods.is_label(bound, length):
                raise LonghaulError(
                    f"windows.{name}: {bound!r} is not a {length};"
                    f" its labels are such as {periods.example(length)}"
                )


def _require_variety(frame: pd.DataFrame, problem: Problem) -> None:
    """Refuse a target that is always the same: there is nothing to tell apart."""
    target, column = problem.target, frame[problem.target.column].dropna()
    outcome = outcomes(frame[known(frame, target)], target)
    values = ", ".join(map(str, column.unique()[:5])) or "none"
    if target.kind == "binary" and outcome.mean() in {0, 1}:
        raise LonghaulError(
            f"target {target.column!r}: {outcome.mean():.0%} of the rows are"
            f" {target.positive!r}; both classes are needed, the values found are {values}"
        )
    if not len(outcome) or (outcome == outcome[0]).all():
        raise LonghaulError(
            f"target {target.column!r}: the values found are {values}: nothing to tell apart"
        )


def _outcome(figures: dict[str, float], target: Target) -> str:
    """What became of the rows, in a few words."""
    if target.kind == "binary":
        return f"{figures['positive_share']:.1%} {target.column} = {target.positive}"
    if target.kind == "multiclass":
        return f"{len(target.classes)} classes of {target.column}"
    return f"{target.column} {figures['target_mean']:.4g} ± {figures['target_sd']:.3g}"


def _metrics(figures: dict[str, float]) -> dict[str, float]:
    """With names that MLflow takes."""
    return {name_of_metric(name): value for name, value in figures.items() if isfinite(value)}


if __name__ == "__main__":
    ingest()
