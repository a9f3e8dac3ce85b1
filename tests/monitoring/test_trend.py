"""Columns that rise or fall steadily."""

import numpy as np
import pytest

from longhaul.monitoring.trend import follows_trend

LABELS = [f"2020-{month:02d}" for month in range(1, 9)]


@pytest.mark.parametrize("count", [4, 6, 8])
def test_a_counter_goes_on(count: int) -> None:
    """Days since the first row: the next month lies on the line, and last month's value does not.

    Months are not equally long, so that it is time that counts, not their number.
    """
    days = [15.5, 45.5, 75.5, 106.0, 136.5, 167.0, 197.5, 228.5]
    assert follows_trend(LABELS[:count], days[:count], "2020-10", 289.0 + 0.5)
    assert not follows_trend(LABELS[:count], days[:count], "2020-10", days[count - 1])


def test_a_trend_needs_four_periods_and_a_slope() -> None:
    """Three points lie on a line by chance; what only scatters or stays has no trend."""
    assert not follows_trend(LABELS[:3], [1, 2, 3], "2020-04", 4)
    assert not follows_trend(LABELS[:5], [1, 2, 1, 2, 1], "2020-06", 1.5)
    assert not follows_trend(LABELS[:5], [3.0] * 5, "2020-06", 3)


def test_what_has_no_mean_or_no_date_has_no_trend() -> None:
    """An empty column, and labels that are not of periods."""
    assert not follows_trend(LABELS[:4], [1, 2, 3, np.nan], "2020-05", 5)
    assert not follows_trend(LABELS[:4], [1, 2, 3, 4], "2020-05", np.nan)
    assert not follows_trend(["a", "b", "c", "d"], [1, 2, 3, 4], "e", 5)


@pytest.mark.slow
def test_the_interval_holds_what_it_promises() -> None:
    """A new period of a trend with noise is within it in 95% of cases."""
    generator, labels = np.random.default_rng(0), [f"batch-{i:04d}" for i in range(7)]
    held = []
    for _ in range(2000):
        means = 3 * np.arange(7) + generator.normal(size=7)
        held.append(follows_trend(labels[:6], means[:6].tolist(), labels[6], means[6]))
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


@pytest.mark.slow
def test_scatter_is_seldom_taken_for_a_trend() -> None:
    """At most in one of a hundred columns whose means scatter."""
    generator, labels = np.random.default_rng(1), [f"batch-{i:04d}" for i in range(7)]
    trends = [
        follows_trend(labels[:6], generator.normal(size=6), labels[6], 0) for _ in range(2000)
    ]
    assert np.mean(trends) <= 0.015
