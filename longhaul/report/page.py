"""The report of a life cycle: one self-contained HTML page, or Markdown with pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from longhaul import tasks
from longhaul.report import template
from longhaul.report.chapters import CHAPTERS
from longhaul.report.chapters.production import PLOTTED
from longhaul.report.chapters.verdict import answer
from longhaul.report.document import Cell, Section, number_cell, text_cell
from longhaul.report.run_tree import RunTree


@dataclass(frozen=True)
class LifecycleReport:
    """Content of a report on a life cycle.

    Attributes
    ----------
    title : str
    parent : Cell
        The parent run of the life cycle.
    cards : sequence of (str, Cell)
        The most important figures: name and value.
    sections : sequence of Section
    made : datetime
    """

    title: str
    parent: Cell
    cards: Sequence[tuple[str, Cell]]
    sections: Sequence[Section]
    made: datetime


def build_report(tree: RunTree) -> LifecycleReport:
    """Build the report from the tracking store alone."""
    parent = tree.parent
    return LifecycleReport(
        title=tree.model_name() or str(parent.info.run_name),
        parent=text_cell(parent.info.run_id, tree.link(parent)),
        cards=_cards(tree),
        sections=[section for chapter in CHAPTERS for section in chapter(tree)],
        made=datetime.now(UTC),
    )


def html(report: LifecycleReport) -> str:
    """Render the report as one HTML page without external resources."""
    return template.render("page.html.jinja", report=report)


def markdown(report: LifecycleReport, pictures: str) -> tuple[str, dict[str, bytes]]:
    """Render the report as Markdown.

    Parameters
    ----------
    report : LifecycleReport
    pictures : str
        The folder of the pictures, relative to the text.

    Returns
    -------
    (str, dict of str to bytes)
        The text, and the pictures by file name.
    """
    names: dict[str, bytes] = {}

    def place(uri: str, title: str) -> str:
        name = f"{len(names) + 1:02d}_{title.lower().replace(' ', '_')}.png"
        names[name] = template.decode_picture(uri)
        return f"{pictures}/{name}"

    return template.render("page.md.jinja", report=report, place=place), names


def _cards(tree: RunTree) -> list[tuple[str, Cell]]:
    evaluation = tree.last("evaluate")
    verdict: Any = evaluation.json("verdict.json") if evaluation else None
    if evaluation is None or not verdict:
        return []
    href = tree.link(evaluation.run)
    text, _, style = answer(verdict)
    cards = [("verdict of the gate", text_cell(text, href, style))]
    cluster = verdict.get("cluster")
    over = f" over {cluster['count']} {cluster['unit']}" if cluster else ""
    for name in PLOTTED[tree.task_type()]:
        measured = verdict["metrics"][name]
        low, high = (template.figure(measured[bound]) for bound in ("low", "high"))
        value = evaluation.metrics.get(f"test_{name}", measured["value"])
        cards.append(
            (f"test {tasks.display_name(name)}, {low} to {high}{over}", number_cell(value, href))
        )
    if tree.task_type() == "binary":
        cards.append(("decision threshold", number_cell(verdict["threshold"], href)))
    return cards
