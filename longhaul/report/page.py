"""A life cycle as one self-contained HTML page."""

import base64
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import jinja2
import pandas as pd
from matplotlib.figure import Figure

from longhaul.plots import production
from longhaul.report.history import History, StageRun

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
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("longhaul.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(figure=figure, duration=duration)
    return environment.get_template("page.html.jinja").render(
        **_content(history), link=lambda run: _link(interface, run)
    )


def figure(value: Any) -> str:
    """A number as a reader wants it: whole ones with commas, others with four digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 10 else f"{value:.4f}"


def duration(seconds: float | None) -> str:
    """Seconds as minutes and seconds."""
    if seconds is None:
        return "–"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _content(history: History) -> dict[str, Any]:
    evaluation, search, last_move = (history.last(name) for name in ("evaluate", "tune", "promote"))
    deployment, ingest = history.last("deploy"), history.last("ingest")
    score = sorted(history.of("score"), key=lambda stage: stage.run.data.params.get("period", ""))
    return {
        "history": history,
        "made": datetime.now(UTC),
        "problem": ingest.json("profile.json") if ingest else None,
        "families": sorted(
            history.of("train"), key=lambda one: one.metrics.get("valid_log_loss", float("inf"))
        ),
        "family_columns": FAMILY_COLUMNS,
        "search": search,
        "evaluation": evaluation,
        "verdict": evaluation.json("verdict.json") if evaluation else None,
        "deployment": deployment,
        "score": score,
        "production_picture": _picture(_decay(score, evaluation)) if score else None,
        "production_columns": PRODUCTION_COLUMNS,
        "ledger": last_move.json("ledger.json") if last_move else None,
        "seconds": sum(stage.seconds or 0 for stage in history.stages if not stage.reused),
    }


def _decay(score: Sequence[StageRun], evaluation: StageRun | None) -> Figure:
    """The champion's figures by period, beside what they were on the test window."""
    by_period = {stage.run.data.params.get("period", ""): stage.metrics for stage in score}
    frame = pd.DataFrame.from_dict(by_period, orient="index").reindex(columns=list(DRAWN))
    tested = evaluation.metrics if evaluation else {}
    test = {name: tested[f"test_{name}"] for name in DRAWN if f"test_{name}" in tested}
    return production.by_period(frame, test)


def _picture(drawn: Figure) -> str:
    """A figure as a data URI."""
    png = io.BytesIO()
    drawn.savefig(png, format="png")
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode("ascii")


def _link(interface: str, run: Any) -> str:
    return f"{interface}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
