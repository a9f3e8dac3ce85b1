"""Learn a data contract from the training window; check every period against it."""

from collections.abc import Mapping

import click
import mlflow

from longhaul import problem_yaml
from longhaul.data import amendments, breaches, parquet, periods, problem_copy, validation
from longhaul.data.breaches import PeriodBreach
from longhaul.data.table import PeriodTable
from longhaul.data.validation import CheckedPeriod
from longhaul.engines import base as engines
from longhaul.pipeline.parameters import Engine
from longhaul.pipeline.step import step
from longhaul.registry import contract_log
from longhaul.tracking import artifacts


def accepted(table: str) -> str:
    """Digest the amendments of the contract of the table's problem."""
    return contract_log.digest(problem_yaml.load(artifacts.fetch(f"{table}/problem.yaml")).name)


@step(state=accepted)
def validate(table: str, engine: Engine) -> str:
    """Quarantine bad rows, and periods of production that break the contract, with the reasons.

    A breach in a period that models are fitted or judged on fails the step.
    """
    source = PeriodTable(artifacts.fetch(table))
    problem, limits = source.problem, source.problem.contract
    with engines.open(engine, "validate") as opened:
        learned = opened.learn_contract(source, source.window("train"))
        expectations = amendments.amend(learned, contract_log.load(problem.name))
        mlflow.log_dict(expectations, "contract.json")
        # A table that breaks the contract is not logged; the reasons why it does are.
        with opened.log_folder("table") as folder:
            clean = PeriodTable(folder)
            problem_copy.write(folder, problem, source.folder)
            checked = {
                label: opened.check(source.path(label), expectations, limits, clean.path(label))
                for label in source.periods
            }
            broken = {
                label: breach
                for label, period in checked.items()
                if (breach := period.breach(limits.quarantine))
            }
            _log(source, checked, broken)
            validation.require_kept(broken, problem)
            for label in broken:
                clean.drop(label)
            broken = source.breaches | broken
            breaches.write(folder, broken)
    for label, breach in sorted(broken.items()):
        click.echo(f"note: {label} broke the contract and is left out: {breach.reason}", err=True)
    return _headline(checked, broken, periods.plural(problem.length))


def _headline(
    checked: Mapping[str, CheckedPeriod], broken: Mapping[str, PeriodBreach], unit: str
) -> str:
    kept = {label: period for label, period in checked.items() if label not in broken}
    quarantined = sum(len(period.quarantined) for period in kept.values())
    text = f"{len(kept)} {unit} keep the contract; {quarantined:,} rows quarantined"
    return f"{text}; it is broken by {', '.join(sorted(broken))}" if broken else text


def _log(
    source: PeriodTable, checked: Mapping[str, CheckedPeriod], broken: Mapping[str, PeriodBreach]
) -> None:
    mlflow.log_dict(validation.summarize(source, checked, broken), "validation.json")
    for label, period in checked.items():
        step_of = periods.step(label)
        mlflow.log_metric("quarantined_rows", len(period.quarantined), step=step_of)
    bad = validation.quarantine(source, checked, broken)
    if bad:
        with artifacts.log_folder("quarantine") as folder:
            for label, rows in bad.items():
                parquet.write(rows, PeriodTable(folder).path(label))


if __name__ == "__main__":
    validate()
