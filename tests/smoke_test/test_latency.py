"""Percentiles are numpy's, in milliseconds."""

import pytest

from longhaul.smoke_test import latency


def test_figures_of_known_times() -> None:
    """Of 1 to 101 ms the percentiles are known, and the rate is requests by total time."""
    figures = latency.summarise([number / 1000 for number in range(1, 102)], rows=7)
    percentiles = [figures[name] for name in ("p50_ms", "p95_ms", "p99_ms")]
    assert percentiles == pytest.approx([51, 96, 100])
    assert (figures["requests"], figures["rows_per_request"]) == (101, 7)
    assert figures["requests_per_second"] == pytest.approx(101 / 5.151)


def test_one_request() -> None:
    """A single time is every percentile."""
    figures = latency.summarise([0.02])
    assert figures["p50_ms"] == figures["p99_ms"] == pytest.approx(20)
