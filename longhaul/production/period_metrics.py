"""Metrics of a deployed model, one point per period."""

from collections.abc import Mapping

import mlflow
from mlflow.entities import Metric

from longhaul.data import periods

PREFIX = "production_"


def log(run_id: str, period: str, metrics: Mapping[str, float]) -> None:
    """Add one period's metrics to a run.

    Parameters
    ----------
    run_id : str
    period : str
        Its label; its digits are the step (``2013-07`` is 201307), its end the time.
    metrics : mapping of str to float
    """
    step, time = periods.step(period), int(periods.end(period).timestamp() * 1000)
    points = [Metric(PREFIX + name, value, time, step) for name, value in metrics.items()]
    mlflow.MlflowClient().log_batch(run_id, metrics=points)
