"""The figures of the written report and of the talk, taken from a real run.

``python -m docs.figures <parent run>`` reads the tracking store that MLFLOW_TRACKING_URI names,
writes docs/figures.json and the pictures, and fills in the templates of both. Without a run, it
fills in the templates with the figures that are there.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import mlflow

from longhaul import tasks
from longhaul.backtest import savings
from longhaul.plots import backtest, monitoring
from longhaul.report import page, production, run_tree, template
from longhaul.report.document import Table
from longhaul.report.run_tree import RunTree
from longhaul.tracking import artifacts

DOCS = Path(__file__).resolve().parent
FIGURES, PICTURES = DOCS / "figures.json", DOCS / "pictures"
TEMPLATES = ("report.md", "presentation/slides.md")


def main(arguments: list[str]) -> None:
    """Take the figures of a run, if one is named, and fill in the templates."""
    if arguments:
        tree = run_tree.read_run_tree(arguments[0])
        FIGURES.write_text(json.dumps(take(tree), indent=1) + "\n", encoding="utf-8")
        draw(tree)
    for name, text in fill(json.loads(FIGURES.read_text(encoding="utf-8"))).items():
        (DOCS / name).write_text(text, encoding="utf-8")


def take(tree: RunTree) -> dict[str, Any]:
    """All figures of a life cycle, of its model's life and of the newest backtest."""
    report = page.build_report(tree)
    again = _backtest(tree)
    return {
        "run": tree.parent.info.run_id,
        "began": tree.parent.info.start_time,
        "seconds": (tree.parent.info.end_time - tree.parent.info.start_time) / 1000,
        "commit": tree.parent.data.tags.get("mlflow.source.git.commit", ""),
        "mlflow": mlflow.__version__,
        "store": mlflow.get_tracking_uri().partition(":")[0],
        "backtest_run": again.info.run_id,
        "sections": {
            section.title: [_plain(table) for table in section.tables]
            for section in report.sections
        },
        "metrics": {step.name: step.metrics for step in tree.steps if step.entry_point != "ingest"},
        "months": _months(tree.model_name()),
        "policies": [_figures(row) for row in _policies(tree)],
    }


def draw(tree: RunTree) -> None:
    """The pictures: those that stages left behind, and those of the life."""
    for entry, name, picture in (
        ("tune", "history", "search"),
        ("evaluate", "3_calibration", "calibration"),
        ("evaluate", "6_cost", "cost"),
        ("evaluate", "7_slices", "slices"),
        ("evaluate", "8_attributions", "attributions"),
    ):
        stage = tree.last(entry)
        assert stage
        found = artifacts.fetch(f"runs:/{stage.run.info.run_id}/plots/{name}.png")
        (PICTURES / f"{picture}.png").write_bytes(found.read_bytes())
    story = production.read_production(tree.model_name())
    rows = production.period_rows(story)
    monitoring.performance(rows, rows[-1]["plotted"]).savefig(PICTURES / "performance.png")
    monitoring.heat(production.drift_by_column(story), [row["period"] for row in rows]).savefig(
        PICTURES / "drift.png"
    )
    by_lag: dict[str, list[dict[str, Any]]] = {}
    for row in _policies(tree):
        by_lag.setdefault(row["lag"], []).append(row)
    backtest.policies(by_lag).savefig(PICTURES / "backtest.png")


def fill(figures: dict[str, Any]) -> dict[str, str]:
    """The texts, by the names of their files."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(DOCS),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.tests["beginning"] = str.startswith
    environment.filters.update(
        figure=template.figure,
        duration=template.duration,
        words=tasks.display_name,
        table=_markdown,
        less=savings.less,
    )
    return {name: environment.get_template(f"{name}.jinja").render(**figures) for name in TEMPLATES}


def _months(name: str) -> list[dict[str, Any]]:
    """Each period of the life, without the paths to its runs."""
    return [
        {key: value for key, value in row.items() if key != "run"}
        for row in production.period_rows(production.read_production(name))
    ]


def _policies(tree: RunTree) -> list[dict[str, Any]]:
    """All policies of the newest backtest."""
    uri = f"runs:/{_backtest(tree).info.run_id}/backtest.json"
    return list(artifacts.read_json(uri)["policies"])


def _figures(policy: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a policy over all months."""
    return {key: value for key, value in policy.items() if key != "months"}


def _backtest(tree: RunTree) -> mlflow.entities.Run:
    """The newest finished backtest of the experiment."""
    found = mlflow.MlflowClient().search_runs(
        [tree.parent.info.experiment_id],
        "tags.`mlflow.project.entryPoint` = 'backtest' and attributes.status = 'FINISHED'",
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    if not found:
        sys.exit("no backtest in the experiment: run the entry point backtest first")
    return found[0]


def _plain(table: Table) -> dict[str, Any]:
    return {
        "heads": list(table.headers),
        "numeric": [table.numeric(place) for place in range(len(table.rows[0]))],
        "rows": [[cell.text for cell in row] for row in table.rows],
    }


def _markdown(table: dict[str, Any], columns: Iterable[int] = (), most: int = 99) -> str:
    """A table as Markdown, or some of its columns and rows."""
    places = list(columns) or list(range(len(table["numeric"])))
    heads = table["heads"] or [""] * len(table["numeric"])
    lines = ["| " + " | ".join(heads[place] for place in places) + " |"]
    marks = ["---:" if table["numeric"][place] else "---" for place in places]
    lines.append("| " + " | ".join(marks) + " |")
    for row in table["rows"][:most]:
        lines.append(
            "| " + " | ".join(template.escape_markdown(row[place]) for place in places) + " |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
