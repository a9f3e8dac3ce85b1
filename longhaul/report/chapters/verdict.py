"""The gate: each check with its figure and limit, and what the test window shows."""

from longhaul.report.document import Picture, Section, Table, number_cell, text_cell
from longhaul.report.run_tree import RunTree


def sections(tree: RunTree) -> list[Section]:
    """The verdict on the candidate, and its pictures."""
    evaluation = tree.last("evaluate")
    verdict = evaluation.json("verdict.json") if evaluation else None
    if evaluation is None or not verdict:
        return []
    href = tree.link(evaluation.run)
    rows = [
        [
            text_cell(check["name"]),
            text_cell(*_said(check["passed"])),
            number_cell(check["figure"], href),
            number_cell(check["limit"], href),
            text_cell(check["reason"]),
        ]
        for check in verdict["checks"]
    ]
    against = verdict.get("champion") or "absolute limits alone: there was no champion"
    lead = (
        f"Judged against {against}. What is missing, not finite or of too few rows is a refusal,"
        " never a pass."
    )
    heads = ["Check", "", "Found", "Limit", "Reason"]
    pictures = [Picture(title, uri) for title, uri in evaluation.pictures()]
    return [
        Section(f"The gate: {_said(verdict['passed'])[0]}", lead, [Table(heads, rows)]),
        Section("On the test window", "", pictures=pictures),
    ]


def _said(passed: bool) -> tuple[str, str, str]:
    return ("passed", "", "good") if passed else ("refused", "", "bad")
