"""Pages about a model in production: one for each period, and one for its life so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import mlflow

from longhaul.plots import monitoring as plots
from longhaul.problem import TaskType
from longhaul.production.history import ProductionHistory
from longhaul.registry import ledger
from longhaul.registry.ledger import LedgerLine
from longhaul.report import template
from longhaul.tracking import artifacts
from longhaul.tracking.ui_links import UiLinks

PAGE = "life.html"
DRAWN: dict[TaskType, tuple[str, ...]] = {
    "binary": ("auc", "log_loss", "cost"),
    "multiclass": ("accuracy", "calibration_error"),
    "regression": ("r2", "rmse", "bias"),
}


@dataclass(frozen=True)
class ProductionReport:
    """All that the life page tells.

    Attributes
    ----------
    life : Life
    assessments : mapping of str to mapping
        By period, as its monitoring left it.
    promotions : sequence of Line
    """

    life: ProductionHistory
    assessments: Mapping[str, Mapping[str, Any]]
    promotions: Sequence[LedgerLine]


def render_period(assessment: Mapping[str, Any], name: str, version: str) -> str:
    """The page of one period.

    Parameters
    ----------
    assessment : mapping
        As `longhaul.monitoring.serialisation.to_dict` gives it.
    name, version : str
        The registered model, and the version in charge.
    """
    truths = assessment["truths"]
    newest = truths[-1] if truths else None
    causes = newest["causes"] if newest else None
    return template.render(
        "period.html.jinja",
        assessment=assessment,
        name=name,
        version=version,
        newest=newest,
        compared=_compared(assessment, newest),
        distributions=[plots.distribution(one) for one in assessment["pictures"]],
        causes=plots.causes(causes) if causes else None,
        made=datetime.now(UTC),
    )


def _compared(assessment: Mapping[str, Any], newest: Mapping[str, Any] | None) -> list[str]:
    """The figures that are known, in the order in which they were found."""
    realized = newest["realized"] if newest else {}
    return list(dict.fromkeys([*realized, *assessment["expected"]]))


def read_production(name: str) -> ProductionReport:
    """Gather a model's life from the tracking store."""
    life = ProductionHistory.load(name)
    assessments = {
        label: artifacts.read_json(f"runs:/{one.run}/monitor.json")
        for label, one in sorted(life.periods.items())
    }
    return ProductionReport(life, assessments, ledger.lines(name))


def render_production(story: ProductionReport, interface: UiLinks, experiment_id: str) -> str:
    """The page of a life so far.

    Parameters
    ----------
    story : Story
    interface : Interface
        That links lead to.
    experiment_id : str
        That the runs are in.
    """
    rows = period_rows(story)
    labels = [str(row["period"]) for row in rows]
    return template.render(
        "life.html.jinja",
        name=story.life.name,
        rows=rows,
        counts={level: sum(r["level"] == level for r in rows) for level in ("ok", "watch", "act")},
        lead=rows[-1]["lead"] if rows else "",
        performance=plots.performance(rows, rows[-1]["drawn"]) if rows else None,
        heat=plots.heat(drift_by_column(story), labels) if rows else None,
        promotions=story.promotions,
        link=lambda run_id: interface.run(experiment_id, run_id),
        made=datetime.now(UTC),
    )


def publish(name: str) -> None:
    """Render the page of a life so far, and keep it with the run of that life."""
    story, client = read_production(name), mlflow.MlflowClient()
    experiment_id = client.get_run(story.life.run).info.experiment_id
    client.log_text(story.life.run, render_production(story, UiLinks.for_experiment(experiment_id), experiment_id), PAGE)


def period_rows(story: ProductionReport) -> list[dict[str, Any]]:
    """What is told of each period: expectations are its own, outcomes came when they were due."""
    known = {one["period"]: one for found in story.assessments.values() for one in found["truths"]}
    rows = []
    for label, found in story.assessments.items():
        record, truth = story.life.periods[label], known.get(label)
        drift = found["drift"]
        rows.append(
            {
                "period": label,
                "version": record.version,
                "level": record.level,
                "reason": record.reason,
                "run": record.run,
                "rows": found["rows"],
                "expected": found["expected"],
                "realized": truth["realized"] if truth else {},
                "error": truth["errors"].get(found["lead"]) if truth else None,
                "lead": found["lead"],
                "drawn": DRAWN[found["kind"]],
                "drifted": [c["name"] for c in drift["columns"] if c["drifted"]] if drift else [],
                "retrained": story.life.retrainings.get(label),
            }
        )
    return rows


def drift_by_column(story: ProductionReport) -> dict[str, list[float]]:
    """How many times its limit each column is, in each period; the most important first."""
    found: dict[str, dict[str, float]] = {}
    weights: dict[str, float] = {}
    for label, one in story.assessments.items():
        for column in one["drift"]["columns"] if one["drift"] else []:
            times = [m["value"] / m["limit"] for m in column["measures"] if m["value"] is not None]
            found.setdefault(column["name"], {})[label] = max(times, default=float("nan"))
            weights[column["name"]] = weights.get(column["name"], 0.0) + column["importance"]
    order = sorted(found, key=lambda name: -weights[name])
    return {
        name: [found[name].get(label, float("nan")) for label in story.assessments]
        for name in order
    }
