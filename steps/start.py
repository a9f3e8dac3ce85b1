"""Look at a table; write the problem file that declares it."""

import click
import mlflow

from longhaul.data import source
from longhaul.survey import declaration
from longhaul.survey.survey import survey
from longhaul.tracking import artifacts
from longhaul.workflow import caller
from longhaul.workflow.stage import stage


@stage
@click.option("--data", required=True, help="A file, folder, pattern or address of a table.")
@click.option("--target", required=True, help="The column to predict.")
@click.option("--query", required=True, help="What to ask a database; empty for files.")
@click.option("--problem", required=True, help="The file to write; empty: named after the table.")
def start(data: str, target: str, query: str, problem: str) -> str:
    """Read a table, decide what can be told from it, and declare it in a problem file."""
    folder = caller.folder()
    found = source.survey(data, query, folder, artifacts.fetch)
    path = folder / (problem or declaration.file_name(data))
    address = declaration.beside(path, data, folder)
    looked = survey(found.frame, target, address, query, path.stem, found.notes)
    declared = declaration.text(looked)
    declaration.check(declared, path)
    declaration.keep(path, declared)
    mlflow.log_text(declared, "problem.yaml")
    decisions = "\n".join(declaration.decisions(looked))
    mlflow.log_text(decisions, "decisions.txt")
    click.echo(decisions)
    return f"{path.name} is written: run main with -P problem={path.name}"


if __name__ == "__main__":
    start()
