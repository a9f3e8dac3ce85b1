"""Bootstrap intervals are as wide as theory says, and repeat with their seed."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longhaul.evaluation.intervals import improvement, intervals
from longhaul.tasks import binary
from longhaul.tasks.metrics import measure


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated probabilities and outcomes drawn from them."""
    generator = np.random.default_rng(seed)
    probability = generator.uniform(0.05, 0.95, count)
    return generator.uniform(size=count) < probability, probability


def test_values_are_those_of_the_whole() -> None:
    """The middle is no mean of resamples but the metric itself, and lies between the bounds."""
    outcome, probability = drawn(2000)
    found = intervals(binary, outcome, probability, 0.95, seed=0)
    assert {name: interval.value for name, interval in found.items()} == measure(
        outcome, probability
    )
    assert all(interval.low < interval.value < interval.high for interval in found.values())


@pytest.mark.parametrize("seed", range(5))
def test_calibrated_predictions_lie_in_their_interval(seed: int) -> None:
    """That rows are drawn twice is not taken for an error of the predictions."""
    found = intervals(binary, *drawn(1000, seed), 0.95, seed, resamples=100)["calibration_error"]
    assert 0 <= found.low < found.value < found.high < 3 * found.value


def test_width_is_that_of_the_normal_law() -> None:
    """The log loss is a mean: its interval is 1.96 standard errors to either side."""
    outcome, probability = drawn(1000)
    found = intervals(binary, outcome, probability, 0.95, seed=1, resamples=400)["log_loss"]
    each = binary.losses(outcome, probability)
    expected = 1.96 * each.std() / math.sqrt(len(each))
    assert found.high - found.value == pytest.approx(expected, rel=0.2)
    assert found.value - found.low == pytest.approx(expected, rel=0.2)


def test_seed_decides() -> None:
    """Equal seeds, equal bounds; others differ; the order of rows is no difference to the value."""
    outcome, probability = drawn(300)
    first = intervals(binary, outcome, probability, 0.9, seed=3, resamples=50)
    assert first == intervals(binary, outcome, probability, 0.9, seed=3, resamples=50)
    assert first != intervals(binary, outcome, probability, 0.9, seed=4, resamples=50)


def test_too_few_of_a_class_leave_bounds_unknown() -> None:
    """Where resamples lose the only positive, no interval of the AUC is claimed."""
    outcome = np.arange(50) == 0
    found = intervals(binary, outcome, np.linspace(0, 1, 50), 0.95, seed=0, resamples=50)
    assert math.isfinite(found["auc"].value)
    assert math.isnan(found["auc"].low)
    assert math.isfinite(found["log_loss"].low)


def test_no_rows_are_no_figures() -> None:
    """Everything is unknown."""
    found = intervals(binary, np.array([], bool), np.array([]), 0.95, seed=0)
    assert all(
        math.isnan(figure)
        for interval in found.values()
        for figure in (interval.value, interval.low, interval.high)
    )


@given(st.integers(2, 40), st.integers(0, 5))
@settings(deadline=None, max_examples=30)
def test_improvement_is_the_difference_of_log_losses(count: int, seed: int) -> None:
    """And changes its sign, with its bounds, when the two models change places."""
    outcome, candidate = drawn(count, seed)
    champion = np.random.default_rng(seed + 1).uniform(0.05, 0.95, count)
    found = improvement(binary, outcome, champion, candidate, 0.95, seed, resamples=100)
    other = improvement(binary, outcome, candidate, champion, 0.95, seed, resamples=100)
    expected = measure(outcome, champion)["log_loss"] - measure(outcome, candidate)["log_loss"]
    assert found.value == pytest.approx(expected)
    assert (found.low, found.high) == pytest.approx((-other.high, -other.low))


def test_the_same_model_is_no_improvement() -> None:
    """Nothing at all, without any doubt: pairing leaves no noise."""
    outcome, probability = drawn(500)
    found = improvement(binary, outcome, probability, probability, 0.95, seed=0)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_certain_and_wrong_is_finite() -> None:
    """As in scikit-learn's log loss, a prediction of 0 or 1 is almost sure, not quite."""
    each = binary.losses(np.array([True, False, True]), np.array([0.0, 0.0, 1.0]))
    assert np.isfinite(each).all()
    expected = measure(np.array([True, False, True]), np.array([0.0, 0.0, 1.0]))["log_loss"]
    assert each.mean() == pytest.approx(expected)


def test_noise_seldom_wins() -> None:
    """Of models that are equally good, about one in forty has a lower bound above zero."""
    wins = 0
    for seed in range(200):
        outcome, probability = drawn(300, seed)
        noise = np.random.default_rng(1000 + seed).normal(0, 0.04, (2, 300))
        one, other = np.clip(probability + noise, 0.01, 0.99)
        wins += improvement(binary, outcome, one, other, 0.95, seed, resamples=200).low > 0
    assert wins <= 14
