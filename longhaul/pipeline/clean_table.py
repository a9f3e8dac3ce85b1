"""Clean table that a step reads: the given one, or the newest that `validate` made."""

import click
import mlflow

from longhaul import problem_yaml
from longhaul.errors import LonghaulError
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking.pagination import paginate
from longhaul.tracking.tags import CLEAN_TABLE


def resolve(table: str, model: str) -> str:
    """Return the URI of a table; where none is given, of the newest clean one, which is printed.

    Parameters
    ----------
    table : str
        May be empty.
    model : str
        URI of a model; the table is one of its problem, in the experiment of the active run.

    Raises
    ------
    LonghaulError
        When none is given, and `validate` has made none.
    """
    if table:
        return table
    problem = logged_models.load_problem(model).name
    newest = _newest(problem)
    click.echo(f"table: {newest}, the newest clean one of {problem}", err=True)
    mlflow.set_tag(CLEAN_TABLE, newest)
    return newest


def _newest(problem: str) -> str:
    experiment = mlflow.active_run().info.experiment_id
    runs = paginate(
        mlflow.MlflowClient().search_runs,
        [experiment],
        "tags.mlflow.project.entryPoint = 'validate' and attributes.status = 'FINISHED'",
        order_by=["attributes.start_time DESC"],
    )
    for run in runs:
        copy = f"runs:/{run.info.run_id}/table/problem.yaml"
        if artifacts.exists(copy) and problem_yaml.load(artifacts.fetch(copy)).name == problem:
            return copy.removesuffix("/problem.yaml")
    raise LonghaulError(
        f"table: no run of validate in this experiment has a table of problem {problem!r};"
        " run main first, or ingest and validate, or name a table"
    )
