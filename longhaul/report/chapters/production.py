"""Production: performance, decision and consequence by period."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from longhaul import tasks
from longhaul.plots import production
from longhaul.production.retraining import describe_look, describe_retraining
from longhaul.report import template
from longhaul.report.document import Picture, Section, Table, number_cell, text_cell
from longhaul.report.run_tree import RunTree, StepRun
from longhaul.task_type import TaskType

PLOTTED: dict[TaskType, tuple[str, ...]] = {
    "binary": ("auc", "log_loss", "calibration_error"),
    "multiclass": ("accuracy", "log_loss", "calibration_error"),
    "regression": ("r2", "rmse", "mae"),
}
# Statistics of a period's outcomes, by task type.
OUTCOME_STATISTICS: dict[TaskType, tuple[str, ...]] = {
    "binary": ("positive_share",),
    "multiclass": (),
    "regression": ("target_mean",),
}


def sections(tree: RunTree) -> list[Section]:
    """Return the performance by period, and the decisions."""
    cycles = sorted(tree.steps_of("cycle"), key=_period)
    if not cycles:
        return []
    task_type = tree.task_type()
    figures = ("rows", *OUTCOME_STATISTICS[task_type], *tasks.task_for(task_type).metrics)
    rows = [
        [
            text_cell(_period(step), tree.link(step.run)),
            *(number_cell(step.metrics.get(name), tree.link(step.run)) for name in figures),
        ]
        for step in cycles
    ]
    headers = ["Period", *(tasks.display_name(name) for name in figures)]
    picture = template.picture(_decay(cycles, tree.last("evaluate"), PLOTTED[task_type]))
    intro = "The champion of the time scores each period; metrics follow once labels are known."
    finished = [(step, cycle) for step in cycles if (cycle := step.json("cycle.json"))]
    return [
        Section(
            "In production",
            intro,
            [Table(headers, rows)],
            [Picture("Performance by period", picture)],
        ),
        *([Section("Decisions", "", [_decisions(tree, finished)])] if finished else []),
    ]


def _decisions(tree: RunTree, finished: Sequence[tuple[StepRun, Any]]) -> Table:
    rows = [
        [
            text_cell(_period(step), tree.link(step.run)),
            text_cell(cycle["version"]),
            text_cell(cycle["decision"]["level"], "", cycle["decision"]["level"]),
            text_cell(cycle["decision"]["reason"]),
            text_cell(_outcome(cycle), _evidence(tree, cycle)),
        ]
        for step, cycle in finished
    ]
    return Table(["Period", "Version", "Level", "Reason", "Consequence"], rows)


def _outcome(cycle: Any) -> str:
    """Describe the look at the challenger that waited, and the retraining, where there were any."""
    parts = [describe_look(cycle["look"])] if cycle.get("look") else []
    if retrained := cycle.get("retrained"):
        parts.append(describe_retraining(retrained, cycle["version"]))
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def _evidence(tree: RunTree, cycle: Any) -> str:
    evidence = cycle.get("retrained") or cycle.get("look") or {}
    return tree.run_link(evidence.get("evidence", ""))


def _decay(cycles: Sequence[StepRun], evaluation: StepRun | None, names: Sequence[str]) -> Any:
    """Plot the champion's metrics by period, beside its test metrics."""
    by_period = {_period(step): step.metrics for step in cycles}
    frame = pd.DataFrame.from_dict(by_period, orient="index").reindex(columns=list(names))
    tested = evaluation.metrics if evaluation else {}
    test = {name: tested[f"test_{name}"] for name in names if f"test_{name}" in tested}
    return production.by_period(frame, test)


def _period(step: StepRun) -> str:
    return str(step.run.data.params.get("period", ""))
