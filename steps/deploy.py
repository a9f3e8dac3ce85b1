"""Serve the model over HTTP, compare its answers with batch predictions, time them, stop."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import click
import mlflow
import numpy as np
import pandas as pd
from tqdm import tqdm

from longhaul.data import split as splits
from longhaul.deployment import latency, parity
from longhaul.deployment.server import serve
from longhaul.deployment.service import Service
from longhaul.tracking import artifacts
from longhaul.workflow.stage import stage

_BATCHES, _BATCH_ROWS = 5, 100


class Answers(NamedTuple):
    """What a service said: which rows, probabilities, and how long each request took."""

    row: np.ndarray
    probability: np.ndarray
    seconds: list[float]


@stage
@click.option("--model", required=True, help="A registered version, or any logged model.")
@click.option("--split", required=True, help="The split folder of split.")
@click.option("--requests", required=True, type=click.IntRange(min=1), help="Single-row requests.")
def deploy(model: str, split: str, requests: int) -> str:
    """Hold a real service to what batch prediction says, on rows of the test window."""
    folder = artifacts.fetch(split)
    frame = splits.read(folder, "test")
    rows = frame[splits.problem(folder).features(frame.columns)]
    with serve(model) as service:
        _, first = service.ask(rows.head(1))
        single = _ask(service, rows, _spread(len(rows), requests, 1))
        batches = _ask(service, rows, _spread(len(rows), _BATCHES, _BATCH_ROWS))
    difference = _compare(model, rows, single, batches)
    report = _report(model, single, batches, first, difference)
    mlflow.log_dict(report, "deployment.json")
    timed = report["single"]
    percentiles = ("p50_ms", "p95_ms", "p99_ms")
    mlflow.log_metrics({f"latency_{name}": timed[name] for name in percentiles})
    mlflow.log_metric("parity_max_difference", difference)
    exact = "" if difference == 0 else f" to {difference:.0e}"
    return (
        f"serves: {requests} requests, median {timed['p50_ms']:.0f} ms;"
        f" answers equal batch predictions{exact}"
    )


def _report(
    model: str, single: Answers, batches: Answers, first: float, difference: float
) -> dict[str, Any]:
    """What deployment.json says; the first request, which warms up, is told apart."""
    answers = len(single.row) + len(batches.row)
    return {
        "model": model,
        "first_ms": first * 1000,
        "single": latency.summarise(single.seconds),
        "batches": latency.summarise(batches.seconds, len(batches.row) // _BATCHES),
        "parity": {
            "answers": answers,
            "largest_difference": difference,
            "tolerance": parity.TOLERANCE,
        },
    }


def _spread(count: int, requests: int, size: int) -> Iterator[np.ndarray]:
    """Row numbers for each request: `size` in a row, from starts spread over all `count`."""
    size = min(size, count)
    for start in np.linspace(0, count - size, requests).astype(int):
        yield np.arange(start, start + size)


def _ask(service: Service, rows: pd.DataFrame, asked: Iterator[np.ndarray]) -> Answers:
    """Send one request after the other."""
    numbers = list(asked)
    bar = tqdm(numbers, desc="deploy", unit="request", leave=False, disable=None)
    answers = [service.ask(rows.iloc[number]) for number in bar]
    return Answers(
        np.concatenate(numbers),
        np.concatenate([probability for probability, _ in answers]),
        [seconds for _, seconds in answers],
    )


def _compare(model: str, rows: pd.DataFrame, *given: Answers) -> float:
    """Predict the same rows in one batch, in this process; return the largest difference."""
    row = np.concatenate([answers.row for answers in given])
    served = np.concatenate([answers.probability for answers in given])
    numbers, place = np.unique(row, return_inverse=True)
    batch = mlflow.pyfunc.load_model(model).predict(rows.iloc[numbers])
    probability = np.asarray(batch["probability"], dtype=float)
    return parity.largest_difference(served, probability[place], row)


if __name__ == "__main__":
    deploy()
