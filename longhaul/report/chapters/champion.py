"""The champion's card, the versions, and how the championship went from hand to hand.

The card follows Mitchell et al., Model Cards for Model Reporting (FAT* 2019).
"""

from collections.abc import Mapping
from typing import Any

from longhaul import tasks
from longhaul.problem import Problem
from longhaul.registry import ledger, promotion, versions
from longhaul.report.chapters.problem import predicts
from longhaul.report.document import Cell, Section, Table, name_value_table, number_cell, text_cell
from longhaul.report.run_tree import RunTree, StepRun
from longhaul.tracking.tags import VERDICT

WORST = 8  # slices that the card names
STRONGEST = 10  # features
_RUN = "runs:/"
_SPANS = {"fit": "Fitted on", "valid": "Settings and threshold chosen on"}


def sections(tree: RunTree) -> list[Section]:
    """The card of the version that is champion now, whichever life cycle made it."""
    name, problem = tree.model_name(), tree.problem()
    number_of = promotion.champion(name) if name else None
    if number_of is None:
        return []
    version = versions.version(name, number_of)
    judged = tree.find_run(version.tags.get(VERDICT, ""))
    verdict = judged.json("verdict.json") if judged else None
    if judged is None or not verdict:
        return []
    href = tree.link(judged.run)
    windows = verdict["windows"]
    card = [
        ("Model", Cell(f"{name}, version {number_of}", tree.version_link(name, number_of))),
        ("Intended use", text_cell(_use(problem) if problem else "")),
        *(
            (_SPANS[window], text_cell(" to ".join(span), href))
            for window, span in windows["candidate"].items()
            if span
        ),
        ("Judged on", text_cell(" to ".join(windows["test"]), href)),
        ("Rows of that", number_cell(verdict["rows"], href)),
    ]
    if verdict.get("threshold") is not None and tree.task_type() == "binary":
        card.append(("Decides at a probability of", number_cell(verdict["threshold"], href)))
    tables = [name_value_table(card), _metrics(verdict["metrics"], judged, href)]
    tables += [table for table in (_slices(judged, href), _features(judged, href)) if table]
    return [Section(f"The champion: {name}, version {number_of}", _LIMITS, tables)]


_LIMITS = (
    "Limits: it knows what rows were like until its last window, and says nothing of why. It is"
    " weakest where the table of slices says so. It is not meant for rows of another kind than"
    " those of the contract, nor to decide on its own where an error cannot be undone."
)


def promotions(tree: RunTree) -> list[Section]:
    """Every version, and every line of the ledger."""
    name = tree.model_name()
    known = sorted(versions.all_versions(name), key=lambda one: int(one.version)) if name else []
    if not known:
        return []
    holders: dict[str, list[str]] = {}
    for alias, holder in versions.aliases(name).items():
        holders.setdefault(holder, []).append(alias)
    figures = list(
        dict.fromkeys(tag for one in known for tag in one.tags if tag.startswith("test_"))
    )
    rows = [
        [
            Cell(str(one.version), tree.version_link(name, str(one.version)), True),
            text_cell(one.current_stage),
            text_cell(", ".join(holders.get(str(one.version), []))),
            *(text_cell(one.tags.get(tag), _judged(tree, one.tags)) for tag in figures),
        ]
        for one in known
    ]
    heads = ["Version", "Stage", "Alias", *(tasks.display_name(tag[5:]) for tag in figures)]
    lines = [
        [
            text_cell(line.when[:19].replace("T", " ")),
            text_cell(line.who),
            text_cell(line.move),
            text_cell(line.before),
            Cell(line.after, tree.version_link(name, line.after)),
            text_cell(line.state),
            text_cell(line.reason, tree.run_link(line.evidence)),
        ]
        for line in ledger.lines(name)
    ]
    told = ["When (UTC)", "Who", "Move", "From", "To", "State", "Reason"]
    lead = "Each version as it was judged, and each move with its reason and the run that says so."
    return [Section("Versions and promotions", lead, [Table(heads, rows), Table(told, lines)])]


def _judged(tree: RunTree, tags: Mapping[str, str]) -> str:
    return tree.run_link(tags.get(VERDICT, "").removeprefix(_RUN).partition("/")[0])


def _use(problem: Problem) -> str:
    by = f", {problem.time.period} by {problem.time.period}" if problem.time else ""
    return (
        f"To tell {predicts(problem)}, of rows like those of {problem.source}{by}, before it is"
        " known"
    )


def _metrics(metrics: Mapping[str, Any], judged: StepRun, href: str) -> Table:
    rows = [
        [
            text_cell(tasks.display_name(name)),
            number_cell(judged.metrics.get(f"test_{name}", one["value"]), href),
            number_cell(one["low"], href),
            number_cell(one["high"], href),
        ]
        for name, one in metrics.items()
    ]
    return Table(["On the test window", "Value", "95% from", "to"], rows)


def _slices(judged: StepRun, href: str) -> Table | None:
    """The slices in which it does worst."""
    found = (judged.json("slices.json") or {}).get("slices", [])
    if not found:
        return None
    figures = [name for name in found[0] if name not in {"column", "value", "rows"}]
    loss = figures[-1]
    known = [one for one in found if all(one[name] is not None for name in figures)]
    worst = sorted(known, key=lambda one: -one[loss])[:WORST]
    rows = [
        [
            text_cell(f"{one['column']} = {one['value']}"),
            number_cell(one["rows"], href),
            *(number_cell(one[name], href) for name in figures),
        ]
        for one in worst
    ]
    heads = [f"Slices with the highest {tasks.display_name(loss)}", "Rows"]
    return Table([*heads, *(tasks.display_name(name) for name in figures)], rows)


def _features(judged: StepRun, href: str) -> Table | None:
    found = (judged.json("attributions.json") or {}).get("attributions", [])
    if not found:
        return None
    rows = [[text_cell(one["feature"]), number_cell(one["importance"], href)] for one in found[:STRONGEST]]
    return Table(["What it goes by", found[0]["method"]], rows)
