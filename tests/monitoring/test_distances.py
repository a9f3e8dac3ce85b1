"""Distances between samples, against scipy's."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.spatial.distance import jensenshannon

from longhaul.monitoring import bins, distances
from longhaul.monitoring.bins import Histogram

FEW = arrays(np.float32, st.integers(1, 80), elements=st.integers(-20, 20))


def counts(*values: int) -> Histogram:
    return Histogram(np.array(values), np.zeros(len(values)), 0)


def both(one: np.ndarray, other: np.ndarray, most: int = 1000) -> tuple[Histogram, Histogram]:
    found = bins.of_number("x", "x", one, most)
    return found.histogram(one), found.histogram(other)


@given(one=FEW, other=FEW)
def test_kolmogorov_smirnov_of_binned_values(one: np.ndarray, other: np.ndarray) -> None:
    """That of scipy on which bin each value is in; never more than that of the values."""
    found = bins.of_number("x", "x", one, 10)
    places = [np.searchsorted(found.edges, values, side="right") for values in (one, other)]
    distance = distances.kolmogorov_smirnov(found.histogram(one), found.histogram(other))
    assert np.isclose(distance, stats.ks_2samp(*places).statistic)
    assert distance <= stats.ks_2samp(one, other).statistic + 1e-9


def test_kolmogorov_smirnov_of_values() -> None:
    """Less than that of the values by a bin's share at most."""
    generator = np.random.default_rng(0)
    one = generator.normal(size=20_000).astype(np.float32)
    other = generator.normal(0.3, 1.4, size=20_000).astype(np.float32)
    known = stats.ks_2samp(one, other).statistic
    for most in (20, 50, 500):
        distance = distances.kolmogorov_smirnov(*both(one, other, most))
        assert known - 1 / most <= distance <= known


@given(one=FEW, other=FEW)
def test_wasserstein_of_values_with_bins_of_their_own(one: np.ndarray, other: np.ndarray) -> None:
    """Where each value of the reference has a bin, and the other's lie among them: scipy's."""
    other = one[np.abs(other).astype(int) % len(one)]
    assume(np.ptp(one) > 0)
    known = stats.wasserstein_distance(one, other) / np.std(one.astype(float))
    assert np.isclose(distances.wasserstein(*both(one, other)), known, atol=1e-5)


@pytest.mark.parametrize("shift", [0.1, 0.5, 2.0, 50.0])
def test_wasserstein_of_a_shift(shift: float) -> None:
    """A shift by so many standard deviations is that far, even where it leaves the range."""
    one = np.random.default_rng(0).normal(5, 3, size=20_000).astype(np.float32)
    distance = distances.wasserstein(*both(one, one + np.float32(3 * shift), 50))
    assert distance == pytest.approx(shift, rel=0.02)


@given(one=FEW, other=FEW)
def test_wasserstein_is_no_less_than_the_distance_of_the_means(
    one: np.ndarray, other: np.ndarray
) -> None:
    """Means are kept, whatever the bins."""
    assume(np.ptp(one) > 0)
    here, there = both(one, other, 4)
    apart = abs(here.mean - there.mean)
    means = here.sums[here.counts > 0] / here.counts[here.counts > 0]
    spread = np.sqrt(np.average((means - here.mean) ** 2, weights=here.counts[here.counts > 0]))
    assume(spread > 0)
    assert distances.wasserstein(here, there) >= apart / spread - 1e-5


@given(
    one=arrays(np.int64, 5, elements=st.integers(0, 100)),
    other=arrays(np.int64, 5, elements=st.integers(0, 100)),
)
def test_jensen_shannon_is_scipys_in_bits(one: np.ndarray, other: np.ndarray) -> None:
    """From 0 to 1, and the same both ways."""
    assume(one.any() and other.any())
    here, there = counts(*one), counts(*other)
    distance = distances.jensen_shannon(here, there)
    assert np.isclose(distance, jensenshannon(one / one.sum(), other / other.sum(), base=2))
    assert np.isclose(distance, distances.jensen_shannon(there, here))
    assert 0 <= distance <= 1 + 1e-9


def test_stability_of_a_known_table() -> None:
    """By hand: (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5), for many rows."""
    known = 0.1 * np.log(0.6 / 0.5) - 0.1 * np.log(0.4 / 0.5)
    found = distances.psi(counts(500_000, 500_000), counts(600_000, 400_000))
    assert found == pytest.approx(known, abs=1e-5)
    assert np.isfinite(distances.psi(counts(10, 0), counts(0, 10)))


def test_shares_of_missing_and_outside() -> None:
    """Missing ones by how much they differ, those outside by their share of the later values."""
    one = Histogram(np.array([90]), np.zeros(1), missing=10, out_of_range=9)
    other = Histogram(np.array([50]), np.zeros(1), missing=50, out_of_range=25)
    assert distances.missing(one, other) == pytest.approx(0.4)
    assert distances.out_of_range(one, other) == pytest.approx(0.5)
    assert distances.out_of_range(other, one) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "distance",
    [
        distances.kolmogorov_smirnov,
        distances.wasserstein,
        distances.psi,
        distances.jensen_shannon,
        distances.out_of_range,
    ],
)
def test_nothing_is_at_no_known_distance(distance) -> None:
    """NaN where one side has no values, never zero; and zero from itself."""
    assert np.isnan(distance(counts(3, 4), counts(0, 0)))
    assert np.isnan(distance(counts(0, 0), counts(3, 4)))
    some = Histogram(np.array([3, 4]), np.array([1.0, 9.0]), 0)
    assert distance(some, some) == pytest.approx(0, abs=1e-9)
