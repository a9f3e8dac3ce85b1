"""Serve the model over HTTP, compare its answers with batch predictions, time them, stop."""

import tempfile
from pathlib import Path

import mlflow

from longhaul.data.split import Split
from longhaul.pipeline.parameters import Count
from longhaul.pipeline.step import step
from longhaul.registry.model_uri import resolve_model
from longhaul.serving import prediction_log
from longhaul.smoke_test import report as smoke_test
from longhaul.smoke_test import server
from longhaul.smoke_test.measurement import measure
from longhaul.tracking import artifacts


@step
def deploy(model: str, split: str, requests: Count, compare_mlflow: bool) -> str:
    """Compare a running service with batch predictions, on rows of the test window."""
    folder = artifacts.fetch(split)
    frame = Split(folder).read("test")
    problem = Split(folder).problem
    time = [problem.time.column] if problem.time else []
    rows = frame[list(dict.fromkeys([*problem.features(frame.columns), *time]))]
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        log = Path(temporary) / "record"
        with server.serve_longhaul(model, log) as service:
            measurement = measure(service, rows, requests)
        recorded = len(prediction_log.read(log, resolve_model(model).key))
    report = smoke_test.build_report(model, rows, measurement, recorded)
    if compare_mlflow:
        with server.serve_mlflow(model) as service:
            measurement = measure(service, rows, requests)
        report["stock"] = smoke_test.service_figures(model, rows, measurement)
    mlflow.log_dict(report, "deployment.json")
    mlflow.log_metrics(smoke_test.metrics(report))
    return smoke_test.headline(report)


if __name__ == "__main__":
    deploy()
