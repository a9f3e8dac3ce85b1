"""One self-contained HTML page about a life cycle."""

import mlflow

from longhaul.pipeline.step import step
from longhaul.report import page, run_tree
from longhaul.tracking import artifacts

PICTURES = "pictures"


@step
def report(run: str) -> str:
    """Build the pages from the tracking store alone: report.html, and report.md for reading on."""
    found = run_tree.read_run_tree(run)
    told = page.build_report(found)
    mlflow.log_text(page.html(told), "report.html")
    text, pictures = page.markdown(told, PICTURES)
    mlflow.log_text(text, "report.md")
    with artifacts.log_folder(PICTURES) as folder:
        for name, png in pictures.items():
            (folder / name).write_bytes(png)
    return f"report.html on {len(found.stages)} stages"


if __name__ == "__main__":
    report()
