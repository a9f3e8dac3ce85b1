"""Write one self-contained HTML page about a life cycle."""

import mlflow

from longhaul.pipeline.step import step
from longhaul.report import page, run_tree
from longhaul.tracking import artifacts

PICTURES = "pictures"


@step
def report(run: str) -> str:
    """Write report.html, and report.md to read on, from the tracking store alone."""
    tree = run_tree.read_run_tree(run)
    content = page.build_report(tree)
    mlflow.log_text(page.html(content), "report.html")
    text, pictures = page.markdown(content, PICTURES)
    mlflow.log_text(text, "report.md")
    with artifacts.log_folder(PICTURES) as folder:
        for name, png in pictures.items():
            (folder / name).write_bytes(png)
    return f"report.html on {len(tree.steps)} steps"


if __name__ == "__main__":
    report()
