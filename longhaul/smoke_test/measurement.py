"""Measurement of a service: scores and latencies of single-row and batch requests."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from longhaul.smoke_test.service import ServiceClient

BATCHES, BATCH_ROWS = 5, 100


class RequestSeries(NamedTuple):
    """Requests sent one after the other.

    Attributes
    ----------
    row : ndarray of int, shape (n,)
        Numbers of the rows that were sent.
    scores : ndarray of float64, shape (n,) or (n, k)
    seconds : list of float
        Duration of each request.
    """

    row: np.ndarray
    scores: np.ndarray
    seconds: list[float]


class Measurement(NamedTuple):
    """Requests to one service.

    Attributes
    ----------
    first_seconds : float
        Duration of the first request, which warms the service up.
    single : RequestSeries
        One row in a request.
    batches : RequestSeries
        Several rows in a request.
    """

    first_seconds: float
    single: RequestSeries
    batches: RequestSeries


def measure(service: ServiceClient, rows: pd.DataFrame, requests: int) -> Measurement:
    """Send rows to a service: one per request, and in batches.

    Parameters
    ----------
    service : ServiceClient
    rows : DataFrame
    requests : int
        Number of single-row requests.
    """
    _, first_seconds = service.predict(rows.head(1))
    single = _send(service, rows, spread_rows(len(rows), requests, 1))
    batches = _send(service, rows, spread_rows(len(rows), BATCHES, BATCH_ROWS))
    return Measurement(first_seconds, single, batches)


def spread_rows(count: int, requests: int, size: int) -> Iterator[np.ndarray]:
    """Yield the row numbers of each request: `size` in a row, from starts spread over `count`."""
    size = min(size, count)
    for start in np.linspace(0, count - size, requests).astype(int):
        yield np.arange(start, start + size)


def _send(
    service: ServiceClient, rows: pd.DataFrame, row_numbers: Iterator[np.ndarray]
) -> RequestSeries:
    numbers = list(row_numbers)
    bar = tqdm(numbers, desc="deploy", unit="request", leave=False, disable=None)
    responses = [service.predict(rows.iloc[number]) for number in bar]
    return RequestSeries(
        np.concatenate(numbers),
        np.concatenate([scores for scores, _ in responses]),
        [seconds for _, seconds in responses],
    )
