"""The data: its columns, the contract that they keep, and its periods."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from longhaul.report.document import Cell, Section, Table, number_cell, text_cell
from longhaul.report.run_tree import RunTree, StepRun


def sections(tree: RunTree) -> list[Section]:
    """Columns and periods, as ingest found them and validate held them to the contract."""
    ingest, validate = tree.last("ingest"), tree.last("validate")
    profile = ingest.json("profile.json") if ingest else None
    if ingest is None or not profile:
        return []
    contract = (validate.json("contract.json") if validate else None) or {}
    validation = (validate.json("validation.json") if validate else None) or {}
    lead = (
        "The contract is learned on the training window; every period is held against it, and"
        " rows that break it are set aside."
    )
    tables = [_columns(tree, ingest, validate, profile["columns"], contract)]
    if validate and validation:
        tables.append(_periods(tree, ingest, validate, validation))
    return [Section("The data and its contract", lead, tables)]


def _columns(
    tree: RunTree,
    ingest: StepRun,
    validate: StepRun | None,
    profile: Mapping[str, Any],
    contract: Mapping[str, Any],
) -> Table:
    seen = tree.link(ingest.run)
    held = tree.link(validate.run) if validate else ""
    rows = [
        [
            text_cell(name),
            text_cell(one["type"]),
            number_cell(one["distinct"], seen),
            number_cell(one["missing"], seen),
            _promise(contract.get(name), held),
            number_cell(contract.get(name, {}).get("missing"), held),
        ]
        for name, one in profile.items()
    ]
    heads = ["Column", "Type", "Distinct", "Missing", "May be", "May be missing"]
    return Table(heads, rows, f"{len(rows)} columns")


def _promise(rule: Mapping[str, Any] | None, href: str) -> Cell:
    """What the contract allows a column to be."""
    if rule is None:
        return text_cell("")
    if "levels" in rule:
        levels = rule["levels"]
        shown = ", ".join(map(str, levels[:6]))
        return text_cell(f"{shown}, … ({len(levels)})" if len(levels) > 6 else shown, href)
    if rule.get("min") is not None:
        return text_cell(f"{rule['min']:g} to {rule['max']:g}", href)
    return text_cell(rule.get("kind"), href)


def _periods(
    tree: RunTree, ingest: StepRun, validate: StepRun, validation: Mapping[str, Any]
) -> Table:
    href = tree.link(validate.run)
    shares = tree.metric_history(ingest.run, "period_positive_share")
    rows = []
    for (label, one), share in zip_longest(sorted(validation.items()), shares):
        breaches = [str(breach) for breach in one["breaches"]]
        cells = [
            text_cell(label),
            number_cell(one["rows"], href),
            number_cell(one["quarantined"], href),
            text_cell("; ".join(breaches) or "none", href),
        ]
        if shares:
            cells.insert(2, number_cell(share, tree.link(ingest.run)))
        rows.append(cells)
    heads = ["Period", "Rows", "Set aside", "Breaches of the contract"]
    if shares:
        heads.insert(2, "Positive share")
    return Table(heads, rows)
