"""Report of a smoke test: latencies, parity with batch predictions, and recorded rows."""

from typing import Any

import mlflow
import numpy as np
import pandas as pd

from longhaul.errors import LonghaulError
from longhaul.model import predictions
from longhaul.registry import corrections
from longhaul.registry.model_uri import resolve_model
from longhaul.smoke_test import latency, parity
from longhaul.smoke_test.measurement import BATCHES, Measurement
from longhaul.tracking import logged_models


def build_report(
    model: str, rows: pd.DataFrame, measurement: Measurement, recorded: int
) -> dict[str, Any]:
    """Build the content of deployment.json.

    Parameters
    ----------
    model : str
        Its URI.
    rows : DataFrame
        The rows of the measurement.
    measurement : Measurement
    recorded : int
        Rows in the prediction log of the service.

    Raises
    ------
    LonghaulError
        When a score differs from batch prediction, or a row is not in the prediction log.
    """
    answered = 1 + len(measurement.single.row) + len(measurement.batches.row)
    if recorded != answered:
        raise LonghaulError(
            f"the service answered {answered} rows, but its prediction log has {recorded}"
        )
    return {"model": model, **service_figures(model, rows, measurement, True), "recorded": recorded}


def service_figures(
    model: str, rows: pd.DataFrame, measurement: Measurement, is_corrected: bool = False
) -> dict[str, Any]:
    """Summarise latency and parity of one service.

    Parameters
    ----------
    model : str
        Its URI.
    rows : DataFrame
        The rows of the measurement.
    measurement : Measurement
    is_corrected : bool
        Whether the service applies the correction of the model's version.

    Raises
    ------
    LonghaulError
        When a score differs from batch prediction.
    """
    single, batches = measurement.single, measurement.batches
    return {
        "first_ms": measurement.first_seconds * 1000,
        "single": latency.summarise(single.seconds),
        "batches": latency.summarise(batches.seconds, len(batches.row) // BATCHES),
        "parity": {
            "answers": len(single.row) + len(batches.row),
            "largest_difference": _largest_difference(model, rows, measurement, is_corrected),
            "tolerance": parity.TOLERANCE,
        },
    }


def metrics(report: dict[str, Any]) -> dict[str, float]:
    """Return the figures of a report that are logged as MLflow metrics."""
    percentiles = ("p50_ms", "p95_ms", "p99_ms")
    latencies = {f"latency_{name}": report["single"][name] for name in percentiles}
    return {**latencies, "parity_max_difference": report["parity"]["largest_difference"]}


def headline(report: dict[str, Any]) -> str:
    """Summarise a report in one line."""
    single, difference = report["single"], report["parity"]["largest_difference"]
    tolerance = "" if difference == 0 else f" to {difference:.0e}"
    comparison = ""
    if "stock" in report:
        comparison = f" (mlflow models serve: {report['stock']['single']['p50_ms']:.1f} ms)"
    return (
        f"serves: {single['requests']} requests, median {single['p50_ms']:.1f} ms{comparison};"
        f" answers equal batch predictions{tolerance}"
    )


def _largest_difference(
    model: str, rows: pd.DataFrame, measurement: Measurement, is_corrected: bool
) -> float:
    """Compare all scores with one batch prediction in this process."""
    series = (measurement.single, measurement.batches)
    row = np.concatenate([requests.row for requests in series])
    served = np.concatenate([requests.scores for requests in series])
    numbers, place = np.unique(row, return_inverse=True)
    asked = rows.iloc[numbers]
    predicted = mlflow.pyfunc.load_model(model).predict(asked)
    predictor = logged_models.load(model).predictor
    batch = predictor.task.scores(predicted)
    if is_corrected and (stored := corrections.find(resolve_model(model))):
        times = predictions.times_of(asked, logged_models.load_problem(model))
        corrected = predictions.predict(batch, times, predictor, stored.correction)
        batch = predictor.task.scores(corrected)
    return parity.largest_difference(served, batch[place], row)
