"""A life cycle as one self-contained HTML page."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from longhaul.plots import production
from longhaul.report import template
from longhaul.report.history import History, StageRun
from longhaul.tracking import ledger

PRODUCTION_COLUMNS = {
    "rows": "rows",
    "positive_share": "positive share",
    "auc": "AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier",
    "calibration_error": "calibration error",
}
DRAWN = ("auc", "log_loss", "calibration_error")
FAMILY_COLUMNS = {
    "valid_log_loss": "log loss",
    "valid_auc": "AUC",
    "valid_average_precision": "average precision",
    "valid_brier": "Brier",
    "valid_calibration_error": "calibration error",
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
    cycles = sorted(history.of("cycle"), key=lambda stage: stage.run.data.params.get("period", ""))
    return {
        "history": history,
        "made": datetime.now(UTC),
        "problem": problem,
        "families": sorted(
            history.of("train"), key=lambda one: one.metrics.get("valid_log_loss", float("inf"))
        ),
        "family_columns": FAMILY_COLUMNS,
        "search": search,
        "evaluation": evaluation,
        "verdict": evaluation.json("verdict.json") if evaluation else None,
        "deployment": deployment,
        "cycles": cycles,
        "production_picture": template.picture(_decay(cycles, evaluation)) if cycles else None,
        "production_columns": PRODUCTION_COLUMNS,
        "ledger": [line.record() for line in ledger.lines(problem["problem"])] if problem else [],
        "seconds": sum(stage.seconds or 0 for stage in history.stages if not stage.reused),
    }


def _decay(cycles: Sequence[StageRun], evaluation: StageRun | None) -> Figure:
    """The champion's figures by period, beside what they were on the test window."""
    by_period = {stage.run.data.params.get("period", ""): stage.metrics for stage in cycles}
    frame = pd.DataFrame.from_dict(by_period, orient="index").reindex(columns=list(DRAWN))
    tested = evaluation.metrics if evaluation else {}
    test = {name: tested[f"test_{name}"] for name in DRAWN if f"test_{name}" in tested}
    return production.by_period(frame, test)
