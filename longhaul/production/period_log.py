"""Records of a monitored period: in its run, in the production history, and as an alert."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow

from longhaul.monitoring import cluster_counts, serialisation
from longhaul.monitoring.assessment import Assessment, RealizedPerformance
from longhaul.monitoring.cluster_counts import CLUSTERS, DAYS
from longhaul.monitoring.observation import Observation
from longhaul.production import announcements, events, history
from longhaul.production.session import MonitoringSession
from longhaul.registry.model_uri import ModelUri
from longhaul.tasks import TASKS, display_name
from longhaul.tracking import manifest
from longhaul.tracking.tags import ACTION, LEVEL


def log(assessment: Assessment) -> dict[str, Any]:
    """Log an assessment and its metrics to the active run; return it as JSON types."""
    document = serialisation.to_dict(assessment)
    mlflow.log_metrics(serialisation.metrics(assessment))
    for performance in assessment.realized:
        if performance.realized.period == assessment.period:
            mlflow.log_metrics(serialisation.realized_metrics(performance))
    mlflow.set_tags({LEVEL: assessment.decision.level, ACTION: assessment.decision.action})
    mlflow.log_dict(document, "monitor.json")
    return document


def log_counts(session: MonitoringSession, period: str, due: Sequence[str]) -> None:
    """Log counts of predictions by cluster and by day, for the monitoring of later periods.

    Parameters
    ----------
    session : MonitoringSession
    period : str
        The present one; its counts go to the active run.
    due : sequence of str
        The periods whose outcomes are newly due. Counts of earlier ones, with their outcomes,
        replace those without in the runs that monitored them.
    """
    present = mlflow.active_run().info.run_id
    for label in dict.fromkeys([*due, period]):
        observation = session.observe(label, due=label in due)
        run = present if label == period else session.run(label)
        if observation is not None and run is not None:
            _log_counts(observation, run)
            if label != period:
                manifest.renew(run, (CLUSTERS, DAYS))


def _log_counts(observation: Observation, run: str) -> None:
    with tempfile.TemporaryDirectory(prefix="longhaul-") as folder:
        for name, counts in ((CLUSTERS, observation.clusters), (DAYS, observation.days)):
            if counts.parts:
                cluster_counts.write(counts, Path(folder) / name)
        mlflow.MlflowClient().log_artifacts(run, folder)


def record(
    assessment: Assessment,
    performances: Sequence[RealizedPerformance],
    session: MonitoringSession,
    model: ModelUri,
    predictions: str,
) -> None:
    """Record a period, and the performance that became known with it, in the history.

    Parameters
    ----------
    assessment : Assessment
    performances : sequence of RealizedPerformance
        Of this period and of earlier ones.
    session : MonitoringSession
    model : ModelUri
        The version that predicted the period.
    predictions : str
        URI of the folder of its predictions.
    """
    period, run = assessment.period, mlflow.active_run()
    monitored = _record(assessment, model, predictions)
    judged = [
        history.PerformanceRecord(
            performance.realized.period,
            session.version(performance.realized.period),
            period,
            performance.degraded,
        )
        for performance in performances
        if performance.degraded is not None
    ]
    metrics = {period: serialisation.metrics(assessment) | {"version": float(model.version)}}
    for performance in performances:
        label = performance.realized.period
        metrics[label] = metrics.get(label, {}) | serialisation.realized_metrics(performance)
    history.record_period(monitored, judged, metrics, model.name, run.info.experiment_id)


def record_part(assessment: Assessment, model: ModelUri, predictions: str) -> None:
    """Record the decision about the rows that another version than that in charge has answered."""
    part, experiment = _record(assessment, model, predictions), mlflow.active_run().info
    history.record_part(part, model.name, experiment.experiment_id)


def _record(assessment: Assessment, model: ModelUri, predictions: str) -> history.PeriodRecord:
    decision = assessment.decision
    return history.PeriodRecord(
        assessment.period,
        model.version,
        decision.level,
        decision.action,
        decision.reason,
        mlflow.active_run().info.run_id,
        predictions,
    )


def alert(assessment: Assessment, model: ModelUri) -> None:
    """Announce a decision that is not ok; no failure stops the step."""
    run = mlflow.active_run().info.run_id
    event = events.bad_period(assessment.period, assessment.decision, model, run)
    if event is not None:
        announcements.announce(event)


def headline(assessment: Assessment) -> str:
    """Summarise an assessment in one line: level, primary metric and reason."""
    decision, figures = assessment.decision, []
    name = TASKS[assessment.task_type].primary_metric
    for performance in assessment.realized[-1:]:
        if primary := performance.realized.figures.get(name):
            period = performance.realized.period
            of = "" if period == assessment.period else f" of {period}"
            figures.append(f"{display_name(name)}{of} {primary.value:.3f}")
    if expected := assessment.expected.get(name):
        figures.append(f"{display_name(name)} {expected.value:.3f} expected without outcomes")
    return f"{decision.level}: {'; '.join([', '.join(figures), decision.reason][not figures :])}"
