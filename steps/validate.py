"""Learn a data contract on the training window; hold every period against it."""

from pathlib import Path
from typing import Any

import click
import mlflow

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
    with artifacts.folder("table") as clean, artifacts.folder("quarantine") as aside:
        tables.write_problem(clean, problem)
        summary = {
            label: _check(tables.path(source, label), learned, problem, clean, aside)
            for label in found
        }
    mlflow.log_dict(summary, "validation.json")
    for label, figures in summary.items():
        mlflow.log_metric("quarantined_rows", figures["quarantined"], step=periods.step(label))
    _judge(summary, problem)
    bad = sum(figures["quarantined"] for figures in summary.values())
    return f"{len(found)} {problem.time.period}s keep the contract; {bad:,} rows set aside"


def _learn(source: Path, problem: Problem, found: list[str]) -> dict[str, Any]:
    window = tables.select(found, problem.windows.train, "train")
    frame = tables.read(source, window)
    period = periods.labels(frame[problem.time.column], problem.time.period)
    return contract.learn(frame, period, problem)


def _check(
    file: Path, learned: dict[str, Any], problem: Problem, clean: Path, aside: Path
) -> dict[str, Any]:
    """Part one period's rows into clean and bad; return what was found."""
    frame = tables.read_file(file)
    findings = contract.check(frame, learned, problem.contract)
    tables.write_file(frame.drop(findings.reasons.index), clean / file.name)
    bad = frame.loc[findings.reasons.index].assign(reason=findings.reasons)
    if len(bad):
        tables.write_file(bad, aside / file.name)
    return {
        "rows": len(frame),
        "duplicates": int(frame.duplicated().sum()),
        "quarantined": len(bad),
        "examples": findings.reasons.head(contract.EXAMPLES).tolist(),
        "breaches": [str(breach) for breach in findings.breaches],
    }


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
