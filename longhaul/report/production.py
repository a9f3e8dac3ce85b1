"""Pages about a model in production: one for each period, and one for its history so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import mlflow

from longhaul.monitoring import serialisation
from longhaul.plots import monitoring as plots
from longhaul.production.history import ProductionHistory
from longhaul.production.retraining import describe_look
from longhaul.registry import ledger
from longhaul.registry.ledger import LedgerLine
from longhaul.report import template
from longhaul.task_type import TaskType
from longhaul.tracking import artifacts
from longhaul.tracking.ui_links import UiLinks

PAGE = "life.html"
PLOTTED: dict[TaskType, tuple[str, ...]] = {
    "binary": ("auc", "log_loss", "miscalibration", "cost"),
    "multiclass": ("accuracy", "calibration_error"),
    "regression": ("r2", "rmse", "bias"),
}


@dataclass(frozen=True)
class ProductionReport:
    """Data of the page about a model in production.

    Attributes
    ----------
    history : ProductionHistory
    assessments : mapping of str to mapping
        The monitor.json of each period.
    promotions : sequence of LedgerLine
    """

    history: ProductionHistory
    assessments: Mapping[str, Mapping[str, Any]]
    promotions: Sequence[LedgerLine]


def render_period(assessment: Mapping[str, Any], name: str, version: str) -> str:
    """Render the page of one period.

    Parameters
    ----------
    assessment : mapping
        From `longhaul.monitoring.serialisation.to_dict`.
    name, version : str
        The registered model, and its version that predicted the period.
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
        distributions=[plots.distribution(counts) for counts in assessment["pictures"]],
        causes=plots.causes(causes) if causes else None,
        made=datetime.now(UTC),
    )


def _compared(assessment: Mapping[str, Any], newest: Mapping[str, Any] | None) -> list[str]:
    """Return the names of known metrics: realized ones, then expected ones."""
    realized = newest["realized"] if newest else {}
    return list(dict.fromkeys([*realized, *assessment["expected"]]))


def read_production(name: str) -> ProductionReport:
    """Read the history of a model in production from the tracking store."""
    history = ProductionHistory.load(name)
    assessments = {
        label: serialisation.upgrade(artifacts.read_json(f"runs:/{record.run}/monitor.json"))
        for label, record in sorted(history.periods.items())
    }
    return ProductionReport(history, assessments, ledger.lines(name))


def render_production(report: ProductionReport, links: UiLinks, experiment_id: str) -> str:
    """Render the page about the history so far.

    Parameters
    ----------
    report : ProductionReport
    links : UiLinks
        Addresses of pages in MLflow's UI.
    experiment_id : str
        Experiment of the runs.
    """
    rows = period_rows(report)
    labels = [str(row["period"]) for row in rows]
    return template.render(
        "production.html.jinja",
        name=report.history.name,
        rows=rows,
        counts={level: sum(r["level"] == level for r in rows) for level in ("ok", "watch", "act")},
        primary_metric=rows[-1]["primary_metric"] if rows else "",
        performance=plots.performance(rows, rows[-1]["plotted"]) if rows else None,
        heat=plots.heat(drift_by_column(report), labels) if rows else None,
        promotions=report.promotions,
        link=lambda run_id: links.run(experiment_id, run_id),
        made=datetime.now(UTC),
    )


def publish(name: str) -> None:
    """Render the page about the history so far, and log it to the history's run."""
    report, client = read_production(name), mlflow.MlflowClient()
    run_id = report.history.run
    experiment_id = client.get_run(run_id).info.experiment_id
    html = render_production(report, UiLinks.for_experiment(experiment_id), experiment_id)
    client.log_text(run_id, html, PAGE)


def period_rows(report: ProductionReport) -> list[dict[str, Any]]:
    """Return a row per period: its own expectations, and its outcomes, which became known later."""
    realized = {
        truth["period"]: truth
        for assessment in report.assessments.values()
        for truth in assessment["truths"]
    }
    rows = []
    for label, assessment in report.assessments.items():
        record, truth = report.history.periods[label], realized.get(label)
        drift, primary_metric = assessment["drift"], assessment["lead"]
        rows.append(
            {
                "period": label,
                "version": record.version,
                "level": record.level,
                "reason": record.reason,
                "run": record.run,
                "rows": assessment["rows"],
                "expected": assessment["expected"],
                "realized": truth["realized"] if truth else {},
                "error": truth["errors"].get(primary_metric) if truth else None,
                "primary_metric": primary_metric,
                "plotted": PLOTTED[assessment["kind"]],
                "drifted": [c["name"] for c in drift["columns"] if c["drifted"]] if drift else [],
                "retrained": report.history.retrainings.get(label),
                "parts": [
                    part for _, part in sorted(report.history.parts.items()) if part.period == label
                ],
                "look": describe_look(look) if (look := report.history.looks.get(label)) else "",
            }
        )
    return rows


def drift_by_column(report: ProductionReport) -> dict[str, list[float]]:
    """Return each column's largest drift per period, as a multiple of its limit.

    The most important columns come first.
    """
    multiples: dict[str, dict[str, float]] = {}
    weights: dict[str, float] = {}
    for label, assessment in report.assessments.items():
        for column in assessment["drift"]["columns"] if assessment["drift"] else []:
            times = [m["value"] / m["limit"] for m in column["measures"] if m["value"] is not None]
            multiples.setdefault(column["name"], {})[label] = max(times, default=float("nan"))
            weights[column["name"]] = weights.get(column["name"], 0.0) + column["importance"]
    order = sorted(multiples, key=lambda name: -weights[name])
    return {
        name: [multiples[name].get(label, float("nan")) for label in report.assessments]
        for name in order
    }
