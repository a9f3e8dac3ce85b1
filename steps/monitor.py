"""Watch one period of a deployed model: drift, performance, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import click
import mlflow

from longhaul.data import table as tables
from longhaul.engines.base import SPARK
from longhaul.engines.spark.session import session
from longhaul.errors import LonghaulError
from longhaul.monitoring import serialisation
from longhaul.monitoring.assessment import Assessment
from longhaul.monitoring.observation import count
from longhaul.pipeline.fail_on import require_below
from longhaul.pipeline.parameters import Engine, FailOn
from longhaul.pipeline.step import step
from longhaul.production import alerts, history
from longhaul.production.history import ProductionHistory
from longhaul.production.session import CountPeriod, MonitoringSession
from longhaul.registry import versions
from longhaul.registry.model_uri import ModelUri, resolve_model
from longhaul.report import production as pages
from longhaul.tasks import TASKS, display_name
from longhaul.tracking import artifacts
from longhaul.tracking.tags import ACTION, LEVEL


def earlier_history(model: str, period: str) -> str:
    """Digest the model's production history before the period."""
    return ProductionHistory.load(resolve_model(model).name).before(period).digest()


@step(state=earlier_history)
def monitor(
    model: str, predictions: str, table: str, period: str, fail_on: FailOn, engine: Engine
) -> str:
    """Judge a period; put it on the record of the model's life."""
    folder = artifacts.fetch(table)
    problem, identity = tables.problem(folder), _registered(model)
    past = ProductionHistory.load(identity.name).before(period)
    lag = problem.monitoring.label_lag
    with _counting(engine, period) as count:
        watched = MonitoringSession(folder, problem, past, identity, predictions, count)
        pending = past.pending(period, lag)
        truths = [watched.realized_performance(label) for label in pending if watched.has_period(label)]
        judged = watched.assess(period, truths)
    _log(judged, identity)
    run = mlflow.active_run()
    record = history.PeriodRecord(
        period,
        identity.version,
        judged.decision.level,
        judged.decision.action,
        judged.decision.reason,
        run.info.run_id,
        predictions,
    )
    told = [
        history.PerformanceRecord(
            one.realized.period, watched.version(one.realized.period), period, one.degraded
        )
        for one in truths
        if one.degraded is not None
    ]
    figures = {period: serialisation.metrics(judged) | {"version": float(identity.version)}}
    for one in truths:
        label = one.realized.period
        figures[label] = figures.get(label, {}) | serialisation.realized_metrics(one)
    history.record_period(record, told, figures, identity.name, run.info.experiment_id)
    pages.publish(identity.name)
    _tell(judged, identity)
    return require_below(fail_on, judged.decision.level, _headline(judged))


@contextmanager
def _counting(engine: str, period: str) -> Iterator[CountPeriod]:
    """What counts a period: this process, or the workers of a cluster."""
    if engine != SPARK:
        yield count
        return
    with session(f"longhaul monitor {period}") as spark:
        from longhaul.engines.spark.observation import observe

        yield partial(observe, spark)


def _registered(model: str) -> ModelUri:
    """The version to watch.

    Raises
    ------
    LonghaulError
        When it is no registered version: what is not registered has no life in production.
    """
    found = resolve_model(model)
    if not found.version:
        raise LonghaulError(f"model: {model!r} is not registered; only a version can be watched")
    versions.require_ready(found.name, found.version)
    return found


def _log(judged: Assessment, identity: ModelUri) -> None:
    """The assessment, its figures and its page, in the run of this stage."""
    plain = serialisation.to_dict(judged)
    mlflow.log_metrics(serialisation.metrics(judged))
    for one in judged.truths:
        if one.realized.period == judged.period:
            mlflow.log_metrics(serialisation.realized_metrics(one))
    mlflow.set_tags({LEVEL: judged.decision.level, ACTION: judged.decision.action})
    mlflow.log_text(pages.render_period(plain, identity.name, identity.version), "period.html")
    mlflow.log_dict(plain, "monitor.json")


def _tell(judged: Assessment, identity: ModelUri) -> None:
    """Send word of what is not ok, where a receiver is named; a dead one stops nothing."""
    address, secret = alerts.configured()
    decision = judged.decision
    if not address or decision.level == "ok":
        return
    message = {
        "model": identity.name,
        "version": identity.version,
        "period": judged.period,
        "level": decision.level,
        "action": decision.action,
        "reason": decision.reason,
        "run": mlflow.active_run().info.run_id,
    }
    if failure := alerts.send(address, secret, message):
        mlflow.set_tag("longhaul.alert", f"not delivered: {failure}")
        click.echo(f"note: the alert was not delivered: {failure}", err=True)


def _headline(judged: Assessment) -> str:
    decision, figures = judged.decision, []
    name = TASKS[judged.task_type].primary_metric
    for one in judged.truths[-1:]:
        if lead := one.realized.figures.get(name):
            of = "" if one.realized.period == judged.period else f" of {one.realized.period}"
            figures.append(f"{display_name(name)}{of} {lead.value:.3f}")
    if expected := judged.expected.get(name):
        figures.append(f"{display_name(name)} {expected.value:.3f} expected without outcomes")
    return f"{decision.level}: {'; '.join([', '.join(figures), decision.reason][not figures :])}"


if __name__ == "__main__":
    monitor()
