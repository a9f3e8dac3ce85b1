"""Learn a data contract from the training window; check every period against it."""

import mlflow

from longhaul.data import parquet, periods, problem_copy
from longhaul.data.table import PeriodTable
from longhaul.data.validation import CheckedPeriod
from longhaul.engines import base as engines
from longhaul.pipeline.parameters import Engine
from longhaul.pipeline.step import step
from longhaul.tracking import artifacts


@step
def validate(table: str, engine: Engine) -> str:
    """Quarantine bad rows, with the reason of each; fail where there are too many."""
    source = PeriodTable(artifacts.fetch(table))
    problem, limits = source.problem, source.problem.contract
    with engines.open(engine, "validate") as opened:
        expectations = opened.learn_contract(source, source.window("train"))
        mlflow.log_dict(expectations, "contract.json")
        # A table that breaks the contract is not logged; the reasons why it does are.
        with opened.log_folder("table") as folder:
            clean = PeriodTable(folder)
            problem_copy.write(folder, problem, source.folder)
            checked = {
                label: opened.check(source.path(label), expectations, limits, clean.path(label))
                for label in source.periods
            }
            _log(checked)
            for label, period in checked.items():
                period.require_few(label, limits.quarantine)
    quarantined = sum(len(period.quarantined) for period in checked.values())
    return (
        f"{len(checked)} {periods.plural(problem.length)} keep the contract;"
        f" {quarantined:,} rows quarantined"
    )


def _log(checked: dict[str, CheckedPeriod]) -> None:
    summary = {label: period.to_dict() for label, period in checked.items()}
    mlflow.log_dict(summary, "validation.json")
    for label, figures in summary.items():
        mlflow.log_metric("quarantined_rows", figures["quarantined"], step=periods.step(label))
    bad = {label: period.quarantined for label, period in checked.items()}
    if any(map(len, bad.values())):
        with artifacts.log_folder("quarantine") as folder:
            for label, rows in bad.items():
                if len(rows):
                    rows.insert(len(rows.columns) - 1, "period", label)
                    parquet.write(rows, PeriodTable(folder).path(label))


if __name__ == "__main__":
    validate()
