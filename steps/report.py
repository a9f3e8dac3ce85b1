"""One self-contained HTML page about a life cycle."""

import click
import mlflow

from longhaul.report import history, page
from longhaul.tracking import store
from longhaul.workflow.stage import stage


@stage
@click.option("--run", required=True, help="The parent run of the life cycle.")
def report(run: str) -> str:
    """Build the page from the tracking store alone, and keep it as report.html."""
    found = history.read(run)
    mlflow.log_text(page.render(found, store.interface()), "report.html")
    return f"report.html on {len(found.stages)} stages"


if __name__ == "__main__":
    report()
