"""The chosen threshold is as good as the cheapest, and near to theory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.evaluation.threshold import choose_threshold, cost_curve, mean_cost, row_costs
from longhaul.problem import Costs

ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0])), min_size=1
).map(lambda rows: (np.array([row[0] for row in rows]), np.array([row[1] for row in rows])))
COSTS = st.builds(Costs, st.floats(0.1, 10), st.floats(0.1, 10))


@given(ROWS, COSTS)
def test_as_good_as_the_cheapest_and_nearest_to_theory(
    rows: tuple[np.ndarray, np.ndarray], costs: Costs
) -> None:
    """No more than the cheapest and its standard error; none that is as good is nearer."""
    outcome, probability = rows
    chosen, points = (
        choose_threshold(outcome, probability, costs),
        cost_curve(outcome, probability, costs),
    )
    cheapest = points.thresholds[np.argmin(points.costs)]
    found = row_costs(outcome, probability >= cheapest, costs)
    most = points.costs.min() + found.std() / np.sqrt(len(found)) + 1e-12
    assert mean_cost(outcome, probability >= chosen, costs) <= most
    theory = costs.false_positive / (costs.false_positive + costs.false_negative)
    for threshold, price in zip(points.thresholds, points.costs, strict=True):
        assert price > most - 2e-12 or abs(threshold - theory) >= abs(chosen - theory)


def test_a_month_of_its_own_does_not_carry_the_threshold_far() -> None:
    """Where few rows prefer another threshold by chance, theory holds; where many do, they win."""
    generator = np.random.default_rng(3)
    probability = generator.uniform(size=4000)
    outcome = generator.uniform(size=4000) < probability**2  # said too often: the best lies higher
    few, many = (choose_threshold(outcome[:n], probability[:n], Costs(1, 1)) for n in (40, 4000))
    assert abs(few - 0.5) < abs(many - 0.5)
    assert many > 0.6


@given(ROWS, COSTS)
def test_the_curve_says_what_deciding_costs(
    rows: tuple[np.ndarray, np.ndarray], costs: Costs
) -> None:
    """Every point is the cost of deciding by its threshold; the ends are always and never."""
    outcome, probability = rows
    points = cost_curve(outcome, probability, costs)
    for threshold, found in zip(points.thresholds, points.costs, strict=True):
        assert found == pytest.approx(mean_cost(outcome, probability >= threshold, costs))
    assert points.costs[0] == pytest.approx(costs.false_positive * np.mean(~outcome))
    assert points.costs[-1] == pytest.approx(costs.false_negative * np.mean(outcome))


@pytest.mark.parametrize(("positive", "negative"), [(1, 1), (1, 3), (4, 1)])
def test_calibrated_probabilities_follow_theory(positive: float, negative: float) -> None:
    """Near the ratio that Elkan (2001) derives."""
    generator = np.random.default_rng(0)
    probability = generator.uniform(size=100_000)
    outcome = generator.uniform(size=100_000) < probability
    found = choose_threshold(outcome, probability, Costs(positive, negative))
    assert found == pytest.approx(positive / (positive + negative), abs=0.03)
