"""Learn a data contract on the training window; hold every period against it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from longhaul.data import periods
from longhaul.data import table as tables
from longhaul.data.summary import EXAMPLES
from longhaul.engines.base import SPARK
from longhaul.engines.inspection import Inspector, Local
from longhaul.engines.spark.session import session
from longhaul.errors import LonghaulError
from longhaul.pipeline.parameters import Engine
from longhaul.pipeline.step import step
from longhaul.problem import Problem
from longhaul.tracking import artifacts


@step
def validate(table: str, engine: Engine) -> str:
    """Set bad rows aside, with the reason of each; fail where there are too many."""
    source = artifacts.fetch(table)
    problem, found = tables.problem(source), tables.periods(source)
    with _inspector(engine) as inspector:
        learned = inspector.learn(
            source, problem, tables.select(found, problem.windows.train, "train")
        )
        mlflow.log_dict(learned, "contract.json")
        # A table that breaks the contract is not logged; what tells why it does is.
        with inspector.folder("table") as clean:
            tables.write_problem(clean, problem, source)
            checked = {
                label: _checked(inspector, tables.path(source, label), learned, problem, clean)
                for label in found
            }
            summary = {label: figures for label, (figures, _) in checked.items()}
            _log(summary, {label: bad for label, (_, bad) in checked.items() if len(bad)})
            _require_few(summary, problem)
    bad = sum(figures["quarantined"] for figures in summary.values())
    return (
        f"{len(found)} {periods.plural(problem.length)} keep the contract; {bad:,} rows set aside"
    )


@contextmanager
def _inspector(engine: str) -> Iterator[Inspector]:
    """What reads the rows: this process, or the workers of a cluster."""
    if engine != SPARK:
        yield Local()
        return
    with session("longhaul validate") as spark:
        from longhaul.engines.spark.contract import Workers

        yield Workers(spark)


def _checked(
    inspector: Inspector, file: Path, learned: dict[str, Any], problem: Problem, clean: Path
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Hold a period against the contract: its figures, and its bad rows with their period."""
    figures, bad = inspector.check(file, learned, problem, clean)
    examples = bad["reason"].head(EXAMPLES).tolist()
    reason = bad.pop("reason")
    aside = bad.assign(period=file.stem, reason=reason)
    return {**figures, "quarantined": len(bad), "examples": examples}, aside


def _log(summary: dict[str, dict[str, Any]], bad: dict[str, pd.DataFrame]) -> None:
    mlflow.log_dict(summary, "validation.json")
    for label, figures in summary.items():
        mlflow.log_metric("quarantined_rows", figures["quarantined"], step=periods.step(label))
    if bad:
        with artifacts.log_folder("quarantine") as aside:
            for label, rows in bad.items():
                tables.write_file(rows, tables.path(aside, label))


def _require_few(summary: dict[str, dict[str, Any]], problem: Problem) -> None:
    """Refuse the table when a period breaks the contract further than the problem allows."""
    limit = problem.contract.quarantine
    for label, figures in summary.items():
        if figures["breaches"]:
            more = f" (and {len(figures['breaches']) - 1} more)" if figures["breaches"][1:] else ""
            raise LonghaulError(f"period {label}, column {figures['breaches'][0]}{more}")
        if figures["quarantined"] > limit * figures["rows"]:
            examples = " | ".join(figures["examples"])
            raise LonghaulError(
                f"period {label}: {figures['quarantined']:,} of {figures['rows']:,} rows break the"
                f" contract, more than contract.quarantine = {limit:.1%} allows: {examples}"
            )


if __name__ == "__main__":
    validate()
