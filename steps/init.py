"""Look at a table; write the problem file that declares it."""

import click
import mlflow

from longhaul.data import sources
from longhaul.pipeline import caller
from longhaul.pipeline.step import step
from longhaul.scaffold import problem_file
from longhaul.scaffold.infer import infer
from longhaul.tracking import artifacts


@step
def start(data: str, target: str, query: str, problem: str) -> str:
    """Read a table, decide what can be told from it, and declare it in a problem file."""
    folder = caller.folder()
    found = sources.survey(data, query, folder, artifacts.fetch)
    path = folder / (problem or problem_file.file_name(data))
    address = problem_file.source_address(path, data, folder)
    looked = infer(found.frame, target, address, query, path.stem, found.notes)
    declared = problem_file.render(looked)
    problem_file.parse(declared, path)
    problem_file.write(path, declared)
    mlflow.log_text(declared, "problem.yaml")
    decisions = "\n".join(problem_file.decisions(looked))
    mlflow.log_text(decisions, "decisions.txt")
    click.echo(decisions)
    return f"{path.name} is written: run main with -P problem={path.name}"


if __name__ == "__main__":
    start()
