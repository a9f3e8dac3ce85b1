"""The champion's model card, the versions and the promotion ledger.

The card follows Mitchell et al., Model Cards for Model Reporting (FAT* 2019).
"""

from collections.abc import Mapping
from typing import Any

from longhaul import tasks
from longhaul.problem import Problem
from longhaul.registry import ledger, promotion, versions
from longhaul.registry.ledger import NONE
from longhaul.report.chapters.problem import predicts
from longhaul.report.document import Cell, Section, Table, name_value_table, number_cell, text_cell
from longhaul.report.run_tree import RunTree, StepRun
from longhaul.tracking.tags import VERDICT

WORST_SLICES = 8
TOP_FEATURES = 10
_RUN = "runs:/"
_WINDOW_LABELS = {"fit": "Fitted on", "valid": "Settings chosen on"}


def sections(tree: RunTree) -> list[Section]:
    """Return the model card of the current champion, from whichever life cycle made it."""
    name, problem = tree.model_name(), tree.problem()
    champion = promotion.champion(name) if name else None
    if champion is None:
        return []
    version = versions.version(name, champion)
    judged = tree.find_run(version.tags.get(VERDICT, ""))
    verdict = judged.json("verdict.json") if judged else None
    if judged is None or not verdict:
        return []
    href = tree.link(judged.run)
    windows = verdict["windows"]
    card = [
        ("Model", Cell(f"{name}, version {champion}", tree.version_link(name, champion))),
        ("Intended use", text_cell(_use(problem) if problem else "")),
        *(
            (_WINDOW_LABELS[window], text_cell(" to ".join(period_range), href))
            for window, period_range in windows["candidate"].items()
            if period_range
        ),
        ("Judged on", text_cell(" to ".join(windows["test"]), href)),
        ("Test rows", number_cell(verdict["rows"], href)),
    ]
    if verdict.get("threshold") is not None and tree.task_type() == "binary":
        card.append(("Decision threshold", number_cell(verdict["threshold"], href)))
    tables = [name_value_table(card), _metrics(verdict, judged, href)]
    tables += [table for table in (_slices(judged, href), _features(judged, href)) if table]
    return [Section(f"The champion: {name}, version {champion}", _LIMITS, tables)]


_LIMITS = (
    "Limits: the model was fitted on rows up to its last window, and explains no causes. It is"
    " weakest in the slices listed below. It is not meant for rows that break the contract, nor to"
    " decide alone where an error cannot be undone."
)


def promotions(tree: RunTree) -> list[Section]:
    """Return all versions and the promotion ledger."""
    name = tree.model_name()
    listed = versions.all_versions(name) if name else []
    if not listed:
        return []
    holders: dict[str, list[str]] = {}
    for alias, holder in versions.aliases(name).items():
        holders.setdefault(holder, []).append(alias)
    listed = sorted(listed, key=lambda version: int(version.version))
    metric_tags = list(
        dict.fromkeys(tag for version in listed for tag in version.tags if _is_figure(tag))
    )
    rows = [
        [
            Cell(str(version.version), tree.version_link(name, str(version.version)), True),
            text_cell(version.current_stage),
            text_cell(", ".join(holders.get(str(version.version), []))),
            *(
                text_cell(version.tags.get(tag), _verdict_link(tree, version.tags))
                for tag in metric_tags
            ),
        ]
        for version in listed
    ]
    headers = ["Version", "Stage", "Alias", *(tasks.display_name(tag[5:]) for tag in metric_tags)]
    lines = [
        [
            text_cell(line.when[:19].replace("T", " ")),
            text_cell(line.who),
            text_cell(line.move),
            text_cell(line.before),
            _version_cell(tree, name, line.after),
            text_cell(line.state),
            text_cell(line.reason, tree.run_link(line.evidence.partition(" ")[0])),
        ]
        for line in ledger.lines(name)
    ]
    ledger_headers = ["When (UTC)", "Who", "Move", "From", "To", "State", "Reason"]
    intro = "Each version with its test metrics, and each promotion with its reason and run."
    return [
        Section(
            "Versions and promotions", intro, [Table(headers, rows), Table(ledger_headers, lines)]
        )
    ]


def _version_cell(tree: RunTree, name: str, version: str) -> Cell:
    """Link a version; before the first one there is none."""
    return Cell(version, tree.version_link(name, version) if version != NONE else "")


def _is_figure(tag: str) -> bool:
    """Return whether a tag of a version is a test metric, and no bound of one."""
    return tag.startswith("test_") and not tag.endswith(("_low", "_high"))


def _verdict_link(tree: RunTree, tags: Mapping[str, str]) -> str:
    return tree.run_link(tags.get(VERDICT, "").removeprefix(_RUN).partition("/")[0])


def _use(problem: Problem) -> str:
    by = f", {problem.time.period} by {problem.time.period}" if problem.time else ""
    return (
        f"To predict {predicts(problem)}, for rows like those of {problem.source}{by}, before it"
        " is known"
    )


def _metrics(verdict: Mapping[str, Any], judged: StepRun, href: str) -> Table:
    rows = [
        [
            text_cell(tasks.display_name(name)),
            number_cell(judged.metrics.get(f"test_{name}", interval["value"]), href),
            number_cell(interval["low"], href),
            number_cell(interval["high"], href),
        ]
        for name, interval in verdict["metrics"].items()
    ]
    cluster = verdict.get("cluster")
    where = f"On {cluster['count']} {cluster['unit']}" if cluster else "On the test window"
    return Table([where, "Value", "95% from", "to"], rows)


def _slices(judged: StepRun, href: str) -> Table | None:
    """Return the slices with the highest loss."""
    slices = (judged.json("slices.json") or {}).get("slices", [])
    if not slices:
        return None
    figures = [name for name in slices[0] if name not in {"column", "value", "rows"}]
    loss = figures[-1]
    complete = [row for row in slices if all(row[name] is not None for name in figures)]
    worst = sorted(complete, key=lambda row: -row[loss])[:WORST_SLICES]
    rows = [
        [
            text_cell(f"{row['column']} = {row['value']}"),
            number_cell(row["rows"], href),
            *(number_cell(row[name], href) for name in figures),
        ]
        for row in worst
    ]
    headers = [f"Slices with the highest {tasks.display_name(loss)}", "Rows"]
    names = ("actual" if name == "found" else tasks.display_name(name) for name in figures)
    return Table([*headers, *names], rows)


def _features(judged: StepRun, href: str) -> Table | None:
    attributions = (judged.json("attributions.json") or {}).get("attributions", [])
    if not attributions:
        return None
    rows = [
        [text_cell(feature["feature"]), number_cell(feature["importance"], href)]
        for feature in attributions[:TOP_FEATURES]
    ]
    return Table(["Feature", attributions[0]["method"]], rows)
