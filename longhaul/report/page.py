"""A life cycle as one self-contained HTML page."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from longhaul.plots import production
from longhaul.report import template
from longhaul.report.history import History, StageRun
from longhaul.tasks import TASKS
from longhaul.tasks.kind import Kind
from longhaul.tracking import ledger

DRAWN: dict[Kind, tuple[str, ...]] = {
    "binary": ("auc", "log_loss", "calibration_error"),
    "multiclass": ("accuracy", "log_loss", "calibration_error"),
    "regression": ("r2", "rmse", "mae"),
}
# What is told of the outcomes of a period, by what is predicted.
DESCRIBED: dict[Kind, tuple[str, ...]] = {
    "binary": ("positive_share",),
    "multiclass": (),
    "regression": ("target_mean",),
}


def render(history: History, interface: str) -> str:
    """Render the page.

    Parameters
    ----------
    history : History
    interface : str
        Address of the MLflow UI that links lead to, without a slash at the end.
    """
    return template.render(
        "page.html.jinja",
        **_content(history),
        link=lambda run: template.link(interface, run.info.experiment_id, run.info.run_id),
    )


def _content(history: History) -> dict[str, Any]:
    evaluation, search = (history.last(name) for name in ("evaluate", "tune"))
    deployment, ingest = history.last("deploy"), history.last("ingest")
    problem = ingest.json("profile.json") if ingest else None
    kind: Kind = problem["kind"] if problem else "binary"
    task = TASKS[kind]
    cycles = sorted(history.of("cycle"), key=lambda stage: stage.run.data.params.get("period", ""))
    return {
        "history": history,
        "made": datetime.now(UTC),
        "problem": problem,
        "families": sorted(
            history.of("train"), key=lambda one: one.metrics.get("valid_loss", float("inf"))
        ),
        "kind": kind,
        "loss": task.loss,
        "figures": task.metrics,
        "drawn": DRAWN[kind],
        "search": search,
        "evaluation": evaluation,
        "verdict": evaluation.json("verdict.json") if evaluation else None,
        "deployment": deployment,
        "cycles": cycles,
        "production_picture": template.picture(_decay(cycles, evaluation, DRAWN[kind]))
        if cycles
        else None,
        "production_figures": ("rows", *DESCRIBED[kind], *task.metrics),
        "ledger": [line.record() for line in ledger.lines(problem["problem"])] if problem else [],
        "seconds": sum(stage.seconds or 0 for stage in history.stages if not stage.reused),
    }


def _decay(cycles: Sequence[StageRun], evaluation: StageRun | None, drawn: Sequence[str]) -> Figure:
    """The champion's figures by period, beside what they were on the test window."""
    by_period = {stage.run.data.params.get("period", ""): stage.metrics for stage in cycles}
    frame = pd.DataFrame.from_dict(by_period, orient="index").reindex(columns=list(drawn))
    tested = evaluation.metrics if evaluation else {}
    test = {name: tested[f"test_{name}"] for name in drawn if f"test_{name}" in tested}
    return production.by_period(frame, test)
