"""Intervals over clusters are as wide as theory says, and hold what they claim to hold."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longhaul.data.clusters import MIN_CLUSTERS
from longhaul.evaluation.intervals import PairedGains, improvement, intervals
from longhaul.tasks import binary
from longhaul.tasks.metrics import measure


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated probabilities and outcomes drawn from them."""
    generator = np.random.default_rng(seed)
    probability = generator.uniform(0.05, 0.95, count)
    return generator.uniform(size=count) < probability, probability


def days(count: int, number: int = 30) -> np.ndarray:
    """The cluster of each row, in turn."""
    return np.array([f"day-{place % number:02d}" for place in range(count)])


def test_values_are_those_of_all_rows() -> None:
    """The middle is the metric itself, and lies between the bounds; only one has less bias."""
    outcome, probability = drawn(2000)
    computed = intervals(binary, outcome, probability, days(2000), 0.95)
    expected = measure(outcome, probability)
    values = {name: interval.value for name, interval in computed.items()}
    assert values.pop("calibration_error") < expected.pop("calibration_error")
    assert values == pytest.approx(expected)
    assert all(interval.low <= interval.value <= interval.high for interval in computed.values())


def test_width_is_that_of_the_normal_law() -> None:
    """Where clusters are as good as rows, the log loss has the interval of a mean."""
    outcome, probability = drawn(3000)
    computed = intervals(binary, outcome, probability, days(3000, 100), 0.95)["log_loss"]
    by_row = binary.losses(outcome, probability)
    expected = 1.98 * by_row.std() / math.sqrt(len(by_row))
    assert computed.error == pytest.approx(expected, rel=0.25)


def test_rows_that_share_their_fate_are_no_evidence() -> None:
    """Each row ten times over in its cluster: the interval stays as wide."""
    outcome, probability = drawn(600)
    narrow = intervals(binary, outcome, probability, days(600), 0.95)
    copies = (np.repeat(part, 10) for part in (outcome, probability, days(600)))
    wide = intervals(binary, *copies, 0.95)
    for name in ("auc", "log_loss", "brier"):
        assert wide[name].error == pytest.approx(narrow[name].error)


def test_few_clusters_have_no_bounds() -> None:
    """The value is there; with one cluster more, the bounds are too."""
    outcome, probability = drawn(500)
    few = intervals(binary, outcome, probability, days(500, MIN_CLUSTERS - 1), 0.95)
    assert math.isfinite(few["auc"].value)
    assert math.isnan(few["auc"].low)
    enough = intervals(binary, outcome, probability, days(500, MIN_CLUSTERS), 0.95)
    assert math.isfinite(enough["auc"].low)


def test_too_few_of_a_class_leave_bounds_unknown() -> None:
    """Without the cluster of the only positive there is no AUC, so none of its bounds."""
    outcome = np.arange(50) == 0
    computed = intervals(binary, outcome, np.linspace(0, 1, 50), days(50, 25), 0.95)
    assert math.isfinite(computed["auc"].value)
    assert math.isnan(computed["auc"].low)
    assert math.isfinite(computed["log_loss"].low)


def test_no_rows_are_no_figures() -> None:
    """Everything is unknown."""
    computed = intervals(binary, np.array([], bool), np.array([]), np.array([], str), 0.95)
    assert all(
        math.isnan(figure)
        for interval in computed.values()
        for figure in (interval.value, interval.low, interval.high)
    )


@given(st.integers(20, 80), st.integers(0, 5))
@settings(deadline=None, max_examples=30)
def test_improvement_is_the_difference_of_log_losses(count: int, seed: int) -> None:
    """And changes its sign, with its bounds, when the two models change places."""
    outcome, candidate = drawn(count, seed)
    champion = np.random.default_rng(seed + 1).uniform(0.05, 0.95, count)
    gain = improvement(binary, outcome, champion, candidate, days(count, 12)).interval(0.95)
    other = improvement(binary, outcome, candidate, champion, days(count, 12)).interval(0.95)
    expected = measure(outcome, champion)["log_loss"] - measure(outcome, candidate)["log_loss"]
    assert gain.value == pytest.approx(expected)
    assert (gain.low, gain.high) == pytest.approx((-other.high, -other.low))


def test_the_same_model_is_no_improvement() -> None:
    """Nothing at all, without any doubt: pairing leaves no noise."""
    outcome, probability = drawn(500)
    gain = improvement(binary, outcome, probability, probability, days(500)).interval(0.95)
    assert (gain.value, gain.low, gain.high) == (0, 0, 0)


@given(st.integers(0, 20))
@settings(deadline=None, max_examples=10)
def test_gains_add_up(seed: int) -> None:
    """Parts of the rows, in any division, and through JSON: the same interval."""
    generator = np.random.default_rng(seed)
    gain, clusters = generator.normal(size=300), days(300, 20)
    part = generator.uniform(size=300) < 0.4
    total = PairedGains.of(gain[part], clusters[part]) + PairedGains.from_dict(
        PairedGains.of(gain[~part], clusters[~part]).to_dict()
    )
    expected, computed = PairedGains.of(gain, clusters).interval(0.9), total.interval(0.9)
    assert (computed.value, computed.low, computed.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )


def test_certain_and_wrong_is_finite() -> None:
    """As in scikit-learn's log loss, a prediction of 0 or 1 is almost sure, not quite."""
    outcome, certain = np.array([True, False, True]), np.array([0.0, 0.0, 1.0])
    losses = binary.losses(outcome, certain)
    assert np.isfinite(losses).all()
    assert losses.mean() == pytest.approx(measure(outcome, certain)["log_loss"])
