"""The chosen threshold is the cheapest there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.evaluation.threshold import choose, cost, curve
from longhaul.problem import Costs

ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0])), min_size=1
).map(lambda rows: (np.array([row[0] for row in rows]), np.array([row[1] for row in rows])))
COSTS = st.builds(Costs, st.floats(0.1, 10), st.floats(0.1, 10))


@given(ROWS, COSTS, st.floats(-0.5, 1.5))
def test_no_other_threshold_is_cheaper(
    rows: tuple[np.ndarray, np.ndarray], costs: Costs, other: float
) -> None:
    """Not any number at all."""
    outcome, probability = rows
    chosen = choose(outcome, probability, costs)
    best = cost(outcome, probability >= chosen, costs)
    assert best <= cost(outcome, probability >= other, costs) + 1e-12


@given(ROWS, COSTS)
def test_the_curve_says_what_deciding_costs(
    rows: tuple[np.ndarray, np.ndarray], costs: Costs
) -> None:
    """Every point is the cost of deciding by its threshold; the ends are always and never."""
    outcome, probability = rows
    points = curve(outcome, probability, costs)
    for threshold, found in zip(points.thresholds, points.costs, strict=True):
        assert found == pytest.approx(cost(outcome, probability >= threshold, costs))
    assert points.costs[0] == pytest.approx(costs.false_positive * np.mean(~outcome))
    assert points.costs[-1] == pytest.approx(costs.false_negative * np.mean(outcome))


@pytest.mark.parametrize(("positive", "negative"), [(1, 1), (1, 3), (4, 1)])
def test_calibrated_probabilities_follow_theory(positive: float, negative: float) -> None:
    """Near the ratio that Elkan (2001) derives."""
    generator = np.random.default_rng(0)
    probability = generator.uniform(size=100_000)
    outcome = generator.uniform(size=100_000) < probability
    found = choose(outcome, probability, Costs(positive, negative))
    assert found == pytest.approx(positive / (positive + negative), abs=0.03)
