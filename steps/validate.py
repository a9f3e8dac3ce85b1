"""Learn a data contract on the training window; hold every period against it."""

from pathlib import Path
from typing import Any

import click
import mlflow
import pandas as pd

from longhaul.data import contract, periods
from longhaul.data import table as tables
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from longhaul.tracking import artifacts
from longhaul.workflow.stage import stage


@stage
@click.option("--table", required=True, help="The table folder of ingest.")
def validate(table: str) -> str:
    """Set bad rows aside, with the reason of each; fail where there are too many."""
    source = artifacts.fetch(table)
    problem, found = tables.problem(source), tables.periods(source)
    learned = _learn(source, problem, found)
    mlflow.log_dict(learned, "contract.json")
    # A table that breaks the contract is not logged; what tells why it does is.
    with artifacts.folder("table") as clean:
        tables.write_problem(clean, problem, source)
        checked = {
            label: _check(tables.path(source, label), learned, problem, clean) for label in found
        }
        summary = {label: figures for label, (figures, _) in checked.items()}
        _log(summary, {label: bad for label, (_, bad) in checked.items() if len(bad)})
        _judge(summary, problem)
    bad = sum(figures["quarantined"] for figures in summary.values())
    return (
        f"{len(found)} {periods.plural(problem.length)} keep the contract; {bad:,} rows set aside"
    )


def _learn(source: Path, problem: Problem, found: list[str]) -> dict[str, Any]:
    window = tables.select(found, problem.windows.train, "train")
    frame = tables.read(source, window)
    return contract.learn(frame, periods.of(frame, problem), problem)


def _check(
    file: Path, learned: dict[str, Any], problem: Problem, clean: Path
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Write one period's clean rows; return what was found, and the bad rows."""
    frame = tables.read_file(file)
    findings = contract.check(frame, learned, problem.contract)
    tables.write_file(frame.drop(findings.reasons.index), clean / file.name)
    bad = frame.loc[findings.reasons.index].assign(period=file.stem, reason=findings.reasons)
    figures = {
        "rows": len(frame),
        "duplicates": int(frame.duplicated().sum()),
        "quarantined": len(bad),
        "examples": findings.reasons.head(contract.EXAMPLES).tolist(),
        "breaches": [str(breach) for breach in findings.breaches],
    }
    return figures, bad


def _log(summary: dict[str, dict[str, Any]], bad: dict[str, pd.DataFrame]) -> None:
    mlflow.log_dict(summary, "validation.json")
    for label, figures in summary.items():
        mlflow.log_metric("quarantined_rows", figures["quarantined"], step=periods.step(label))
    if bad:
        with artifacts.folder("quarantine") as aside:
            for label, rows in bad.items():
                tables.write_file(rows, tables.path(aside, label))


def _judge(summary: dict[str, dict[str, Any]], problem: Problem) -> None:
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
