"""Serve the model over HTTP, compare its answers with batch predictions, time them, stop."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import numpy as np
import pandas as pd
from tqdm import tqdm

from longhaul.data.split import Split
from longhaul.errors import LonghaulError
from longhaul.pipeline.parameters import Count
from longhaul.pipeline.step import step
from longhaul.registry.model_uri import resolve_model
from longhaul.serving import prediction_log as records
from longhaul.smoke_test import latency, parity, server
from longhaul.smoke_test.service import ServiceClient
from longhaul.tracking import artifacts, logged_models

_BATCHES, _BATCH_ROWS = 5, 100


class Answers(NamedTuple):
    """What a service said: which rows, scores, and how long each request took."""

    row: np.ndarray
    scores: np.ndarray
    seconds: list[float]


class Interview(NamedTuple):
    """All that a service was asked: seconds of the first request, single rows, batches."""

    first: float
    single: Answers
    batches: Answers


@step
def deploy(model: str, split: str, requests: Count, stock: bool) -> str:
    """Hold a real service to what batch prediction says, on rows of the test window."""
    folder = artifacts.fetch(split)
    frame = Split(folder).read("test")
    rows = frame[Split(folder).problem.features(frame.columns)]
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        record = Path(temporary) / "record"
        with server.serve_longhaul(model, record) as service:
            asked = _interview(service, rows, requests)
        recorded = len(records.read(record, resolve_model(model).key))
    report = _report(model, rows, asked, recorded)
    if stock:
        with server.serve_mlflow(model) as service:
            report["stock"] = _figures(model, rows, _interview(service, rows, requests))
    mlflow.log_dict(report, "deployment.json")
    mlflow.log_metrics(_metrics(report))
    return _headline(report)


def _interview(service: ServiceClient, rows: pd.DataFrame, requests: int) -> Interview:
    """Ask a service about rows: one in a request, and many."""
    _, first = service.ask(rows.head(1))
    single = _ask(service, rows, _spread(len(rows), requests, 1))
    batches = _ask(service, rows, _spread(len(rows), _BATCHES, _BATCH_ROWS))
    return Interview(first, single, batches)


def _report(model: str, rows: pd.DataFrame, asked: Interview, recorded: int) -> dict[str, Any]:
    """What deployment.json says.

    Raises
    ------
    LonghaulError
        When an answer differs from batch prediction, or is not on record.
    """
    answers = 1 + len(asked.single.row) + len(asked.batches.row)
    if recorded != answers:
        raise LonghaulError(f"{answers} rows were answered, but {recorded} are on record")
    return {"model": model, **_figures(model, rows, asked), "recorded": recorded}


def _figures(model: str, rows: pd.DataFrame, asked: Interview) -> dict[str, Any]:
    """Of one service; the first request, which warms up, is told apart."""
    single, batches = asked.single, asked.batches
    return {
        "first_ms": asked.first * 1000,
        "single": latency.summarise(single.seconds),
        "batches": latency.summarise(batches.seconds, len(batches.row) // _BATCHES),
        "parity": {
            "answers": len(single.row) + len(batches.row),
            "largest_difference": _compare(model, rows, single, batches),
            "tolerance": parity.TOLERANCE,
        },
    }


def _metrics(report: dict[str, Any]) -> dict[str, float]:
    percentiles = ("p50_ms", "p95_ms", "p99_ms")
    found = {f"latency_{name}": report["single"][name] for name in percentiles}
    return {**found, "parity_max_difference": report["parity"]["largest_difference"]}


def _headline(report: dict[str, Any]) -> str:
    timed, difference = report["single"], report["parity"]["largest_difference"]
    exact = "" if difference == 0 else f" to {difference:.0e}"
    beside = ""
    if "stock" in report:
        beside = f" (stock {report['stock']['single']['p50_ms']:.1f} ms)"
    return (
        f"serves: {timed['requests']} requests, median {timed['p50_ms']:.1f} ms{beside};"
        f" answers equal batch predictions{exact}"
    )


def _spread(count: int, requests: int, size: int) -> Iterator[np.ndarray]:
    """Row numbers for each request: `size` in a row, from starts spread over all `count`."""
    size = min(size, count)
    for start in np.linspace(0, count - size, requests).astype(int):
        yield np.arange(start, start + size)


def _ask(service: ServiceClient, rows: pd.DataFrame, asked: Iterator[np.ndarray]) -> Answers:
    """Send one request after the other."""
    numbers = list(asked)
    bar = tqdm(numbers, desc="deploy", unit="request", leave=False, disable=None)
    answers = [service.ask(rows.iloc[number]) for number in bar]
    return Answers(
        np.concatenate(numbers),
        np.concatenate([scores for scores, _ in answers]),
        [seconds for _, seconds in answers],
    )


def _compare(model: str, rows: pd.DataFrame, *given: Answers) -> float:
    """Predict the same rows in one batch, in this process; return the largest difference."""
    row = np.concatenate([answers.row for answers in given])
    served = np.concatenate([answers.scores for answers in given])
    numbers, place = np.unique(row, return_inverse=True)
    batch = mlflow.pyfunc.load_model(model).predict(rows.iloc[numbers])
    scores = logged_models.load(model).predictor.task.scores(batch)
    return parity.largest_difference(served, scores[place], row)


if __name__ == "__main__":
    deploy()
