"""Metrics have their known values, and their properties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.errors import LonghaulError
from longhaul.tasks.metrics import calibration_error, measure

OUTCOMES = st.lists(st.booleans(), min_size=1, max_size=60).map(np.array)


def test_known_values() -> None:
    """Four rows worked out by hand."""
    found = measure(np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8]))
    assert found["auc"] == 0.75
    assert found["average_precision"] == pytest.approx(0.8333, abs=1e-4)
    assert found["log_loss"] == pytest.approx(
        -(math.log(0.9) + math.log(0.6) + math.log(0.35) + math.log(0.8)) / 4
    )
    assert found["brier"] == pytest.approx((0.01 + 0.16 + 0.4225 + 0.04) / 4)


def test_calibrated_probabilities_have_little_error() -> None:
    """Outcomes drawn from the probabilities themselves: the error goes to zero with the rows."""
    generator = np.random.default_rng(0)
    probability = generator.uniform(size=200_000)
    outcome = generator.uniform(size=200_000) < probability
    assert calibration_error(outcome, probability) < 0.005


@pytest.mark.parametrize("shift", [0.05, 0.1, 0.3])
def test_calibration_error_is_the_shift(shift: float) -> None:
    """Probabilities that are all too high by so much are off by so much."""
    generator = np.random.default_rng(1)
    truth = generator.uniform(0, 1 - shift, size=200_000)
    outcome = generator.uniform(size=200_000) < truth
    assert calibration_error(outcome, truth + shift) == pytest.approx(shift, abs=0.005)


@given(OUTCOMES, st.floats(0, 1))
def test_one_probability_for_all(outcome: np.ndarray, value: float) -> None:
    """The same probability for every row is off by its distance from the share of positives."""
    found = calibration_error(outcome, np.full(len(outcome), value))
    assert found == pytest.approx(abs(value - outcome.mean()))


@given(OUTCOMES, st.randoms(use_true_random=False))
def test_order_of_rows_is_no_difference(outcome: np.ndarray, random: object) -> None:
    """Metrics are of the set of rows."""
    generator = np.random.default_rng(0)
    probability = generator.uniform(size=len(outcome))
    mixed = generator.permutation(len(outcome))
    expected = measure(outcome, probability)
    assert measure(outcome[mixed], probability[mixed]) == pytest.approx(expected, nan_ok=True)


def test_one_class_has_no_ranking() -> None:
    """No AUC and no precision without both classes, but a loss."""
    found = measure(np.array([True, True]), np.array([0.5, 0.9]))
    assert math.isnan(found["auc"])
    assert math.isnan(found["average_precision"])
    assert found["log_loss"] == pytest.approx(-(math.log(0.5) + math.log(0.9)) / 2)


def test_no_rows_have_no_metrics() -> None:
    """Nothing is known of nothing."""
    assert all(math.isnan(value) for value in measure(np.array([], bool), np.array([])).values())


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, 1.1])
def test_what_is_no_probability_is_refused(bad: float) -> None:
    """It is named, with its row."""
    with pytest.raises(LonghaulError, match=rf"1 of 2 .* \({bad}\) in row 1"):
        measure(np.array([True, False]), np.array([0.5, bad]))
