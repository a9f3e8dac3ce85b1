"""Production: period by period, how good it was, what was decided, and what came of it."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from longhaul import tasks
from longhaul.plots import production
from longhaul.problem import TaskType
from longhaul.report import template
from longhaul.report.document import Picture, Section, Table, number_cell, text_cell
from longhaul.report.run_tree import RunTree, StepRun

DRAWN: dict[TaskType, tuple[str, ...]] = {
    "binary": ("auc", "log_loss", "calibration_error"),
    "multiclass": ("accuracy", "log_loss", "calibration_error"),
    "regression": ("r2", "rmse", "mae"),
}
# What is told of the outcomes of a period, by what is predicted.
DESCRIBED: dict[TaskType, tuple[str, ...]] = {
    "binary": ("positive_share",),
    "multiclass": (),
    "regression": ("target_mean",),
}


def sections(tree: RunTree) -> list[Section]:
    """The periods, and the decisions."""
    cycles = sorted(tree.steps_of("cycle"), key=_period)
    if not cycles:
        return []
    kind = tree.task_type()
    figures = ("rows", *DESCRIBED[kind], *tasks.task_for(kind).metrics)
    rows = [
        [
            text_cell(_period(step), tree.link(step.run)),
            *(number_cell(step.metrics.get(name), tree.link(step.run)) for name in figures),
        ]
        for step in cycles
    ]
    heads = ["Period", *(tasks.display_name(name) for name in figures)]
    drawn = template.picture(_decay(cycles, tree.last("evaluate"), DRAWN[kind]))
    lead = "Each period is scored by the champion of its time, then measured when outcomes came."
    told = [(step, found) for step in cycles if (found := step.json("cycle.json"))]
    return [
        Section(
            "In production",
            lead,
            [Table(heads, rows)],
            [Picture("Performance by period", drawn)],
        ),
        *([Section("Decisions", "", [_decisions(tree, told)])] if told else []),
    ]


def _decisions(tree: RunTree, told: Sequence[tuple[StepRun, Any]]) -> Table:
    rows = [
        [
            text_cell(_period(step), tree.link(step.run)),
            text_cell(found["version"]),
            text_cell(found["decision"]["level"], "", found["decision"]["level"]),
            text_cell(found["decision"]["reason"]),
            text_cell(_outcome(found.get("retrained")), _evidence(tree, found.get("retrained"))),
        ]
        for step, found in told
    ]
    return Table(["Period", "Version", "Level", "Why", "What came of it"], rows)


def _outcome(retrained: Any) -> str:
    if not retrained:
        return ""
    if retrained["promoted"]:
        return f"Version {retrained['promoted']} took over: {retrained['reason']}"
    return f"The challenger lost: {retrained['reason']}"


def _evidence(tree: RunTree, retrained: Any) -> str:
    return tree.run_link(retrained.get("evidence", "")) if retrained else ""


def _decay(cycles: Sequence[StepRun], evaluation: StepRun | None, drawn: Sequence[str]) -> Any:
    """The champion's figures by period, beside what they were on the test window."""
    by_period = {_period(step): step.metrics for step in cycles}
    frame = pd.DataFrame.from_dict(by_period, orient="index").reindex(columns=list(drawn))
    tested = evaluation.metrics if evaluation else {}
    test = {name: tested[f"test_{name}"] for name in drawn if f"test_{name}" in tested}
    return production.by_period(frame, test)


def _period(step: StepRun) -> str:
    return str(step.run.data.params.get("period", ""))
