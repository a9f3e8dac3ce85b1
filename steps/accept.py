"""Accept values that the data contract does not allow yet; they are written into it for good."""

import mlflow

from longhaul.data import amendments, validation
from longhaul.data.table import PeriodTable
from longhaul.pipeline.step import step
from longhaul.registry import contract_log, ledger
from longhaul.tracking import artifacts


@step
def accept(table: str, column: str, values: str, limits: str, reason: str) -> str:
    """Amend the contract of a table's problem, and log the ledger; later validations use it."""
    source = PeriodTable(artifacts.fetch(table))
    name = source.problem.name
    learned = validation.learn(source, source.window("train"))
    amendment = amendments.parse(column, values, limits, learned)
    new = contract_log.record(name, amendment, reason, mlflow.active_run().info.run_id)
    mlflow.log_dict([line.to_dict() for line in ledger.lines(name)], "ledger.json")
    return f"{name}: {amendment}{'' if new else ', as was accepted before'}"


if __name__ == "__main__":
    accept()
