"""Serve the model over HTTP, compare its answers with batch predictions, time them, stop."""

import tempfile
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from longhaul.data import judging
from longhaul.errors import LonghaulError
from longhaul.pipeline.parameters import Count
from longhaul.pipeline.step import step
from longhaul.registry.model_uri import resolve_model
from longhaul.smoke_test import report as smoke_test
from longhaul.smoke_test import server
from longhaul.smoke_test.measurement import measure
from longhaul.tracking import artifacts
from longhaul.tracking.tags import SERVING_REFUSAL
from longhaul.traffic import prediction_log


@step
def deploy(model: str, split: str, period: str, requests: Count, compare_mlflow: bool) -> str:
    """Compare a running service with batch predictions, on rows of the test window."""
    problem, frame = judging.read(artifacts.fetch(split), period)
    time = [problem.time.column] if problem.time else []
    rows = frame[list(dict.fromkeys([*problem.features(frame.columns), *time]))]
    try:
        report = _ask(model, rows, requests)
    except LonghaulError as error:
        mlflow.log_dict({"model": model, "refusal": str(error)}, "deployment.json")
        mlflow.set_tag(SERVING_REFUSAL, str(error))
        raise
    if compare_mlflow:
        with server.serve_mlflow(model) as service:
            measurement = measure(service, rows, requests)
        report["stock"] = smoke_test.service_figures(model, rows, measurement)
    mlflow.log_dict(report, "deployment.json")
    mlflow.log_metrics(smoke_test.metrics(report))
    return smoke_test.headline(report)


def _ask(model: str, rows: pd.DataFrame, requests: int) -> dict[str, Any]:
    """Serve a model, ask it about rows, and compare its answers and its log with the batch."""
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        log = Path(temporary) / "record"
        with server.serve_longhaul(model, log) as service:
            measurement = measure(service, rows, requests)
        recorded = len(prediction_log.read(log, resolve_model(model).key))
    return smoke_test.build_report(model, rows, measurement, recorded)


if __name__ == "__main__":
    deploy()
