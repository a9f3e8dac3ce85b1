"""Limits that chance alone exceeds as seldom as they say."""

from collections.abc import Callable

import numpy as np
import pytest

from longhaul.monitoring import bins, distances
from longhaul.monitoring.bins import Histogram
from longhaul.monitoring.chance import chance

MEASURES: dict[str, Callable[[Histogram, Histogram], float]] = {
    "ks": distances.kolmogorov_smirnov,
    "wasserstein": distances.wasserstein,
    "psi": distances.psi,
    "jensen_shannon": distances.jensen_shannon,
    "missing": distances.missing,
}
LEVEL, TRIALS = 0.02, 1500


def long_tailed(generator: np.random.Generator, rows: int) -> np.ndarray:
    """Numbers, a tenth of them missing and a half of them zero."""
    values = generator.lognormal(0, 1, rows) * (generator.uniform(size=rows) < 0.5)
    return np.where(generator.uniform(size=rows) < 0.1, np.nan, values).astype(np.float32)


@pytest.mark.parametrize("rows", [(1000, 15), (1000, 200), (60, 60)])
@pytest.mark.parametrize("measure", MEASURES)
def test_limits_are_kept(measure: str, rows: tuple[int, int]) -> None:
    """Two samples of one population exceed the limit of 2% in at most 2% of cases, and 1% of luck.

    With few rows too, where shares are not normal and tails are long.
    """
    generator = np.random.default_rng(list(rows))
    column = bins.of_number("x", "x", long_tailed(generator, 5000), 8)
    beyond = 0
    for _ in range(TRIALS):
        before, after = (column.histogram(long_tailed(generator, count)) for count in rows)
        distance = MEASURES[measure](before, after)
        beyond += distance > chance(measure, before, after).limit(LEVEL)
    assert beyond / TRIALS <= LEVEL + 0.01


@pytest.mark.parametrize("measure", [*MEASURES, "out_of_range"])
def test_limits_grow_as_rows_get_fewer(measure: str) -> None:
    """And as the level gets smaller."""
    generator = np.random.default_rng(0)
    column = bins.of_number("x", "x", long_tailed(generator, 5000), 8)
    before = column.histogram(long_tailed(generator, 5000))
    limits = [
        chance(measure, before, column.histogram(long_tailed(generator, rows))).limit(level)
        for rows, level in ((2000, 0.05), (200, 0.05), (20, 0.05), (20, 0.0005))
    ]
    assert limits == sorted(limits)


def test_a_single_value_has_no_scale() -> None:
    """A distance in its deviations has no limit; others tell that it is no longer alone."""
    column = bins.of_number("x", "x", np.array([0, 1], dtype=np.float32), 2)
    before, after = (column.histogram(np.float32(values)) for values in ([0, 0], [0, 1]))
    assert chance("wasserstein", before, after).limit(0.05) == np.inf
    assert chance("ks", before, after).limit(0.05) < np.inf
