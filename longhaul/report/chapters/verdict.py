"""The gate: its checks with figures and limits, and pictures of the test window."""

from collections.abc import Mapping
from typing import Any

from longhaul.report.document import Picture, Section, Table, number_cell, text_cell
from longhaul.report.run_tree import RunTree


def sections(tree: RunTree) -> list[Section]:
    """Return the verdict on the candidate, and its pictures."""
    evaluation = tree.last("evaluate")
    verdict = evaluation.json("verdict.json") if evaluation else None
    if evaluation is None or not verdict:
        return []
    href = tree.link(evaluation.run)
    rows = [
        [
            text_cell(check["name"]),
            text_cell(*_outcome(check["passed"])),
            number_cell(check["figure"], href),
            number_cell(check["limit"], href),
            text_cell(check["reason"]),
        ]
        for check in verdict["checks"]
    ]
    against = verdict.get("champion") or "absolute limits alone, as there was no champion"
    cluster = verdict.get("cluster")
    counted = f" Evidence is counted by {cluster['count']} {cluster['unit']}." if cluster else ""
    intro = (
        f"Judged against {against}.{counted} A figure that is missing, not finite or from too few"
        " rows is a refusal."
    )
    headers = ["Check", "", "Figure", "Limit", "Reason"]
    pictures = [Picture(title, uri) for title, uri in evaluation.pictures()]
    return [
        Section(f"The gate: {answer(verdict)[0]}", intro, [Table(headers, rows)]),
        Section("On the test window", "", pictures=pictures),
    ]


def answer(verdict: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the gate's answer: its text, without a link, and how to show it."""
    if verdict.get("outcome") == "undecided":
        return f"undecided after look {verdict['look']} of {verdict['looks']}", "", "watch"
    return _outcome(verdict["passed"])


def _outcome(passed: bool) -> tuple[str, str, str]:
    return ("passed", "", "good") if passed else ("refused", "", "bad")
