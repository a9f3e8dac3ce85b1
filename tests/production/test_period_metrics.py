"""A year in production is a curve of one run."""

import mlflow
import pandas as pd

from longhaul.production import period_metrics


def test_a_period_is_a_point(tracking: str) -> None:
    """Its digits are the step, its end is the time, whatever the order of logging."""
    with mlflow.start_run() as run:
        for month, auc in (("2013-08", 0.71), ("2013-07", 0.73)):
            period_metrics.log(run.info.run_id, month, {"auc": auc})
    points = mlflow.MlflowClient().get_metric_history(run.info.run_id, "production_auc")
    assert {point.step: point.value for point in points} == {201307: 0.73, 201308: 0.71}
    ends = {pd.Timestamp(point.timestamp, unit="ms") for point in points}
    assert ends == {pd.Timestamp("2013-08-01"), pd.Timestamp("2013-09-01")}
