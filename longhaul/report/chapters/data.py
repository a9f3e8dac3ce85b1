"""The data: its columns, its contract and its periods."""

from collections.abc import Mapping
from typing import Any

from longhaul.report.document import Cell, Section, Table, number_cell, text_cell
from longhaul.report.run_tree import RunTree, StepRun


def sections(tree: RunTree) -> list[Section]:
    """Return the columns and periods, from ingest and validate."""
    ingest, validate = tree.last("ingest"), tree.last("validate")
    profile = ingest.json("profile.json") if ingest else None
    if ingest is None or not profile:
        return []
    contract = (validate.json("contract.json") if validate else None) or {}
    validation = (validate.json("validation.json") if validate else None) or {}
    intro = (
        "The contract is learned from the training window; every period is checked against it, and"
        " rows that break it are quarantined."
    )
    tables = [_columns(tree, ingest, validate, profile["columns"], contract)]
    if validate and validation:
        tables.append(_periods(tree, ingest, validate, validation))
    if notes := profile.get("notes"):
        link = tree.link(ingest.run)
        tables.append(
            Table(["What was assumed and set aside"], [[text_cell(n, link)] for n in notes])
        )
    return [Section("The data and its contract", intro, tables)]


def _columns(
    tree: RunTree,
    ingest: StepRun,
    validate: StepRun | None,
    profile: Mapping[str, Any],
    contract: Mapping[str, Any],
) -> Table:
    ingested = tree.link(ingest.run)
    validated = tree.link(validate.run) if validate else ""
    rows = [
        [
            text_cell(name),
            text_cell(column["type"]),
            number_cell(column["distinct"], ingested),
            number_cell(column["missing"], ingested),
            _allowed(contract.get(name), validated),
            number_cell(contract.get(name, {}).get("missing"), validated),
        ]
        for name, column in profile.items()
    ]
    headers = ["Column", "Type", "Distinct", "Missing", "Allowed values", "Allowed missing"]
    return Table(headers, rows, f"{len(rows)} columns")


def _allowed(rule: Mapping[str, Any] | None, href: str) -> Cell:
    """Return the values that the contract allows in a column."""
    if rule is None:
        return text_cell("")
    if "levels" in rule:
        levels = rule["levels"]
        shown = ", ".join(map(str, levels[:6]))
        return text_cell(f"{shown}, … ({len(levels)})" if len(levels) > 6 else shown, href)
    if rule.get("min") is not None:
        ends = [rule["min"], rule["max"], *rule.get("accepted", ())]
        return text_cell(f"{min(ends):g} to {max(ends):g}", href)
    return text_cell(rule.get("kind"), href)


def _periods(
    tree: RunTree, ingest: StepRun, validate: StepRun, validation: Mapping[str, Any]
) -> Table:
    href = tree.link(validate.run)
    shares = tree.metric_history(ingest.run, "period_positive_share")
    rows = []
    remaining = iter(shares)  # of the periods that ingest wrote
    for label, period in sorted(validation.items()):
        breaches = [str(breach) for breach in period["breaches"]]
        breaches += [period["finding"]] if period.get("finding") and not breaches else []
        share = next(remaining, None) if period.get("ingested", True) else None
        cells = [
            text_cell(label),
            number_cell(period["rows"], href),
            number_cell(period["quarantined"], href),
            text_cell("; ".join(breaches) or "none", href),
        ]
        if shares:
            cells.insert(2, number_cell(share, tree.link(ingest.run)))
        rows.append(cells)
    headers = ["Period", "Rows", "Quarantined", "Breaches of the contract"]
    if shares:
        headers.insert(2, "Positive share")
    return Table(headers, rows)
