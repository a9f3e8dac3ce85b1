"""The source as one Parquet file per period, with only what is known in time to predict."""

from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

import click
import mlflow
import pandas as pd

from longhaul import problem as problems
from longhaul.data import periods, profile, sources, split, table
from longhaul.data.labels import known, outcomes, resolve
from longhaul.engines.base import SPARK
from longhaul.engines.spark.session import session
from longhaul.errors import LonghaulError
from longhaul.json_values import sanitize_metric_name
from longhaul.pipeline import caller
from longhaul.pipeline.parameters import Engine
from longhaul.pipeline.step import step
from longhaul.problem import Problem, Target
from longhaul.tracking import artifacts, datasets


def source_digest(problem: str) -> str:
    """Digest the content of the problem's source."""
    path = caller.problem_file(problem)
    return sources.digest(problems.load(path), path.parent, artifacts.fetch)


@step(state=source_digest)
def ingest(problem: str, engine: Engine) -> str:
    """Read the source; write its periods and their profile."""
    path = caller.problem_file(problem)
    declared = problems.load(path)
    _require_labels(declared)
    found = (_on_spark if engine == SPARK else _on_this_machine)(declared, path.parent)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    if len(found.aside):
        with artifacts.log_folder("quarantine") as folder:
            table.write_file(found.aside, folder / "ingest.parquet")
    rows, aside = found.profile["rows"], len(found.aside)
    mlflow.log_dict({**found.profile, "notes": found.notes, "quarantined": aside}, "profile.json")
    datasets.log(
        found.sample,
        name=declared.name,
        source=sources.address(declared, path.parent),
        digest=sources.digest(declared, path.parent, artifacts.fetch),
        context="ingest",
        rows=rows,
    )
    labels = found.profile["periods"]
    counts = {"rows": rows, "periods": len(labels), "quarantined": aside}
    mlflow.log_metrics({**counts, **_metrics(found.profile["outcome"])})
    for label, each in labels.items():
        by_period = {f"period_{name}": value for name, value in _metrics(each).items()}
        mlflow.log_metrics(by_period, step=periods.step(label))
    share = _outcome(found.profile["outcome"], found.target)
    counted = f"{rows:,} rows, {len(labels)} {periods.plural(declared.length)}, {share}"
    return counted + (f"; {aside:,} rows set aside" if aside else "")


@dataclass(frozen=True)
class _Found:
    """What is told of a table that was written."""

    target: Target
    sample: pd.DataFrame
    aside: pd.DataFrame
    profile: dict[str, Any]
    notes: list[str]


def _on_this_machine(declared: Problem, folder: Path) -> _Found:
    """Read the whole source into memory; write it as an artifact."""
    found = sources.read(declared, folder, artifacts.fetch)
    declared = replace(declared, target=resolve(found.frame, declared.target))
    frame, unlabelled = _labelled(found.frame, declared)
    _require_variety(frame, declared)
    with artifacts.log_folder("table") as place:
        _require_windows(table.write(place, declared, frame, folder), declared)
    aside = pd.concat([found.unfit, unlabelled])
    described = profile.profile(frame, declared)
    return _Found(declared.target, frame.head(datasets.SAMPLE_ROWS), aside, described, found.notes)


def _on_spark(declared: Problem, folder: Path) -> _Found:
    """Let the workers of a cluster read and write."""
    with session("longhaul ingest") as spark:
        from longhaul.engines.spark import ingestion, tables

        with tables.folder(spark, "table") as place:
            found = ingestion.ingest(spark, declared, folder, artifacts.fetch, place)
            ingestion.require_variety(found)
            table.write_problem(place, found.problem, folder)
            _require_windows(table.periods(place), declared)
    return _Found(found.problem.target, found.sample, found.aside, found.profile, [])


def _require_windows(found: list[str], problem: Problem) -> None:
    """Refuse a window without rows."""
    for name in (*split.WINDOWS, *(["production"] if problem.windows.production[1:] else [])):
        table.select(found, getattr(problem.windows, name), name)


def _labelled(frame: pd.DataFrame, problem: Problem) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows without an outcome, where one is needed to learn from, are set aside.

    In production outcomes may come later, or never.
    """
    period = periods.of(frame, problem)
    needed = period.map(lambda label: not problem.windows.in_production(label))
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
    if target.task_type == "binary" and outcome.mean() in {0, 1}:
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
    if target.task_type == "binary":
        return f"{figures['positive_share']:.1%} {target.column} = {target.positive}"
    if target.task_type == "multiclass":
        return f"{len(target.classes)} classes of {target.column}"
    return f"{target.column} {figures['target_mean']:.4g} ± {figures['target_sd']:.3g}"


def _metrics(figures: dict[str, float]) -> dict[str, float]:
    """With names that MLflow takes."""
    return {sanitize_metric_name(name): value for name, value in figures.items() if isfinite(value)}


if __name__ == "__main__":
    ingest()
