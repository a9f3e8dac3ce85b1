"""The threshold is that of theory, unless rows show that it is dearer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from longhaul.data.clusters import enough
from longhaul.evaluation.intervals import PairedGains
from longhaul.evaluation.threshold import (
    choose_threshold,
    cost_curve,
    mean_cost,
    row_costs,
    theoretical_threshold,
)
from longhaul.problem import Costs

ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0])), min_size=1
).map(lambda rows: (np.array([row[0] for row in rows]), np.array([row[1] for row in rows])))
COST = Costs(1, 3)
COSTS = st.builds(Costs, st.floats(0.1, 10), st.floats(0.1, 10))


@given(ROWS, COSTS, st.integers(1, 40))
def test_not_dearer_than_the_cheapest_beyond_doubt(
    rows: tuple[np.ndarray, np.ndarray], costs: Costs, count: int
) -> None:
    """The interval of what it costs more reaches zero; without an interval, theory holds."""
    outcome, probability = rows
    clusters = (np.arange(len(outcome)) % count).astype(str)
    chosen = choose_threshold(outcome, probability, clusters, costs, 0.95)
    points = cost_curve(outcome, probability, costs)
    cheapest = points.thresholds[np.argmin(points.costs)]
    excess = row_costs(outcome, probability >= chosen, costs) - row_costs(
        outcome, probability >= cheapest, costs
    )
    low = PairedGains.of(excess, clusters).interval(0.95).low
    assert np.isnan(low) or low <= 1e-9
    if not enough(len(set(clusters))):
        assert chosen == theoretical_threshold(costs)


@pytest.mark.parametrize(("bend", "moves"), [(1.0, False), (2.0, True)])
def test_theory_until_the_days_say_otherwise(bend: float, moves: bool) -> None:
    """Calibrated probabilities keep theory in nine of ten months; those far off never do."""
    kept = []
    for seed in range(60):
        generator = np.random.default_rng(seed)
        day = np.arange(6000) % 30
        odds = generator.normal(-1, 1, 6000)
        level = generator.normal(0, 0.3, 30)[day]
        outcome = generator.uniform(size=6000) < expit(odds + level)
        chosen = choose_threshold(outcome, expit(odds) ** bend, day.astype(str), COST, 0.95)
        kept.append(chosen == theoretical_threshold(COST))
    assert np.mean(kept) <= 0.05 if moves else np.mean(kept) >= 0.85


def test_a_quiet_month_does_not_carry_the_threshold_away() -> None:
    """Three months at levels of their own keep theory, where the quietest alone would leave it."""
    generator = np.random.default_rng(3)
    day = np.arange(9000) // 100
    odds = generator.normal(-1, 1, 9000)
    level = np.array([0.4, 0.4, -0.8])[day // 30]
    outcome = generator.uniform(size=9000) < expit(odds + level)
    probability, quiet = expit(odds), day >= 60
    alone, together = (
        choose_threshold(outcome[rows], probability[rows], day[rows].astype(str), COST, 0.95)
        for rows in (quiet, np.ones(9000, dtype=bool))
    )
    assert alone > 0.28
    assert together == pytest.approx(0.25, abs=0.01)


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
    clusters = (np.arange(100_000) % 50).astype(str)
    chosen = choose_threshold(outcome, probability, clusters, Costs(positive, negative), 0.95)
    assert chosen == pytest.approx(positive / (positive + negative), abs=0.01)
