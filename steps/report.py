"""One self-contained HTML page about a life cycle."""

import click
import mlflow

from longhaul.report import history, page
from longhaul.workflow.stage import stage

LOCAL_INTERFACE = "http://127.0.0.1:5000"


@stage
@click.option("--run", required=True, help="The parent run of the life cycle.")
def report(run: str) -> str:
    """Build the page from the tracking store alone, and keep it as report.html."""
    store = mlflow.get_tracking_uri()
    interface = store.rstrip("/") if store.startswith("http") else LOCAL_INTERFACE
    found = history.read(run)
    mlflow.log_text(page.render(found, interface), "report.html")
    return f"report.html on {len(found.stages)} stages"


if __name__ == "__main__":
    report()
