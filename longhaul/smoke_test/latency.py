"""Latency of requests: percentiles and throughput."""

from collections.abc import Sequence

import numpy as np


def summarise(seconds: Sequence[float], rows: int = 1) -> dict[str, float]:
    """Summarise the latency of requests sent one after the other.

    Parameters
    ----------
    seconds : sequence of float
        Duration of each request; at least one.
    rows : int
        In each request.

    Returns
    -------
    dict
        ``p50_ms``, ``p95_ms``, ``p99_ms`` (milliseconds, linear interpolation between the two
        nearest requests), ``requests``, ``rows_per_request``, and ``requests_per_second`` of one
        client that never pauses.
    """
    p50, p95, p99 = np.percentile(np.asarray(seconds, dtype=float) * 1000, [50, 95, 99])
    return {
        "p50_ms": float(p50),
        "p95_ms": float(p95),
        "p99_ms": float(p99),
        "requests": len(seconds),
        "rows_per_request": rows,
        "requests_per_second": float(len(seconds) / np.sum(seconds)),
    }
