"""A life cycle as one self-contained HTML page, or as Markdown with its pictures beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from longhaul import tasks
from longhaul.report import template
from longhaul.report.chapters import CHAPTERS
from longhaul.report.chapters.production import DRAWN
from longhaul.report.document import Cell, Section, number_cell, text_cell
from longhaul.report.run_tree import RunTree


@dataclass(frozen=True)
class LifecycleReport:
    """All that a report says.

    Attributes
    ----------
    title : str
    parent : Cell
        The run that it is about.
    cards : sequence of (str, Cell)
        The few figures that matter most: what it is, and how much.
    sections : sequence of Section
    made : datetime
    """

    title: str
    parent: Cell
    cards: Sequence[tuple[str, Cell]]
    sections: Sequence[Section]
    made: datetime


def build_report(tree: RunTree) -> LifecycleReport:
    """Tell a life cycle from what the tracking store holds, and nothing else."""
    parent = tree.parent
    return LifecycleReport(
        title=tree.model_name() or str(parent.info.run_name),
        parent=text_cell(parent.info.run_id, tree.link(parent)),
        cards=_cards(tree),
        sections=[section for chapter in CHAPTERS for section in chapter(tree)],
        made=datetime.now(UTC),
    )


def html(told: LifecycleReport) -> str:
    """The report as one page that asks nothing of the network."""
    return template.render("page.html.jinja", report=told)


def markdown(told: LifecycleReport, pictures: str) -> tuple[str, dict[str, bytes]]:
    """The report as Markdown.

    Parameters
    ----------
    told : Report
    pictures : str
        The folder that its pictures will be in, as the text names it.

    Returns
    -------
    (str, dict of str to bytes)
        The text, and the pictures by the name of their files.
    """
    names: dict[str, bytes] = {}

    def place(uri: str, title: str) -> str:
        name = f"{len(names) + 1:02d}_{title.lower().replace(' ', '_')}.png"
        names[name] = template.decode_picture(uri)
        return f"{pictures}/{name}"

    return template.render("page.md.jinja", report=told, place=place), names


def _cards(tree: RunTree) -> list[tuple[str, Cell]]:
    evaluation = tree.last("evaluate")
    verdict: Any = evaluation.json("verdict.json") if evaluation else None
    if evaluation is None or not verdict:
        return []
    href = tree.link(evaluation.run)
    passed = verdict["passed"]
    cards = [
        (
            "the gate's verdict",
            text_cell(*(("passed", href, "good") if passed else ("refused", href, "bad"))),
        )
    ]
    for name in DRAWN[tree.task_type()]:
        measured = verdict["metrics"][name]
        span = f"{template.figure(measured['low'])} to {template.figure(measured['high'])}"
        value = evaluation.metrics.get(f"test_{name}", measured["value"])
        cards.append((f"test {tasks.display_name(name)}, {span}", number_cell(value, href)))
    if tree.task_type() == "binary":
        cards.append(("decision threshold", number_cell(verdict["threshold"], href)))
    return cards
