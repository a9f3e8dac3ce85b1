"""Read a table; write the problem file that declares it."""

import click
import mlflow

from longhaul.data import sources
from longhaul.pipeline import caller
from longhaul.pipeline.step import step
from longhaul.scaffold import problem_file
from longhaul.scaffold.infer import infer
from longhaul.tracking import artifacts


def source_fingerprint(data: str, query: str) -> str:
    """Digest the content of the table."""
    return sources.fingerprint(data, query, caller.folder(), artifacts.fetch)


@step(state=source_fingerprint)
def init(data: str, target: str, query: str, problem: str) -> str:
    """Infer how the columns of a table are read, and write it into a problem file."""
    folder = caller.folder()
    source = sources.read_undeclared(data, query, folder, artifacts.fetch)
    path = folder / (problem or problem_file.file_name(data))
    address = problem_file.source_address(path, data, folder)
    inferred = infer(source.frame, target, address, query, path.stem, source.notes, source.comma)
    declared = problem_file.render(inferred)
    problem_file.parse(declared, path)
    problem_file.write(path, declared)
    mlflow.log_text(declared, "problem.yaml")
    decisions = "\n".join(problem_file.decisions(inferred))
    mlflow.log_text(decisions, "decisions.txt")
    click.echo(decisions)
    return f"{path.name} is written: run main with -P problem={path.name}"


if __name__ == "__main__":
    init()
