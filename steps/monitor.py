"""Monitor one period of a deployed model: drift, performance and decision."""

import mlflow

from longhaul.data.table import PeriodTable
from longhaul.engines import base as engines
from longhaul.errors import LonghaulError
from longhaul.pipeline import clean_table
from longhaul.pipeline.fail_on import require_below
from longhaul.pipeline.parameters import Engine, FailOn
from longhaul.pipeline.step import step
from longhaul.production import period_log
from longhaul.production.history import ProductionHistory
from longhaul.production.session import MonitoringSession
from longhaul.registry import versions
from longhaul.registry.model_uri import ModelUri, resolve_model
from longhaul.report import production as pages
from longhaul.tracking import artifacts


def earlier_history(model: str, period: str) -> str:
    """Digest the model's production history before the period."""
    return ProductionHistory.load(resolve_model(model).name).before(period).digest()


@step(state=earlier_history)
def monitor(
    model: str, predictions: str, table: str, period: str, fail_on: FailOn, engine: Engine
) -> str:
    """Judge a period; record the decision in the model's production history."""
    version = _registered(model)
    folder = artifacts.fetch(clean_table.resolve(table, version.uri))
    problem = PeriodTable(folder).problem
    past = ProductionHistory.load(version.name).before(period)
    with engines.open(engine, f"monitor {period}") as opened:
        session = MonitoringSession(folder, problem, past, version, predictions, opened.count)
        is_part = session.is_part(period)
        performances = session.present(period) if is_part else session.newly_due(period)
        assessment = session.assess(period, performances)
        period_log.log_counts(session, period, [past.realized.period for past in performances])
    document = period_log.log(assessment)
    mlflow.log_text(pages.render_period(document, version.name, version.version), "period.html")
    if is_part:
        period_log.record_part(assessment, version, predictions)
    else:
        period_log.record(assessment, performances, session, version, predictions)
    pages.publish(version.name)
    period_log.alert(assessment, version)
    return require_below(fail_on, assessment.decision.level, period_log.headline(assessment))


def _registered(model: str) -> ModelUri:
    """Resolve the version to monitor; refuse a model that is not registered."""
    version = resolve_model(model)
    if not version.version:
        raise LonghaulError(
            f"model: {model!r} is not registered; monitor takes models:/<name>/<version>"
        )
    versions.require_ready(version.name, version.version)
    return version


if __name__ == "__main__":
    monitor()
