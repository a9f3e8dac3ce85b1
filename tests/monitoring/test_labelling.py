"""Outcomes that are there, compared with those that are not."""

import numpy as np
import pytest

from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.labelling import Completeness, completeness
from longhaul.monitoring.scores import UNKNOWN
from tests.monitoring import days


def period(seed: int, share_of_positives: float, share: float, count: int = 300, length: int = 30):
    """A period of which so many positives, and so many others, have an outcome."""
    outcome, probability, day = days.rows(seed, count=count, days=length)
    generator = np.random.default_rng(seed)
    arrived = generator.uniform(size=len(day)) < np.where(outcome, share_of_positives, share)
    return days.binary(np.where(arrived, outcome, UNKNOWN).astype(int), probability, day)


@pytest.mark.parametrize("length", [30, 3])
def test_positives_first_is_noticed(length: int) -> None:
    """Their predictions are higher than those of the rows that are still without an outcome."""
    found = completeness(period(0, 0.9, 0.2, length=length))
    assert 0.2 < found.share < 0.6
    assert found.distance > found.limit
    assert not found.representative


def test_outcomes_in_any_order_are_representative() -> None:
    """In nearly all of many periods."""
    found = [completeness(period(seed, 0.6, 0.6)) for seed in range(40)]
    assert sum(not one.representative for one in found) <= 2


def test_days_that_are_not_in_yet_are_no_selection() -> None:
    """The last days differ from the first ones as days do, which is not more than chance."""
    outcome, probability, day = days.rows(0, count=200)
    label = np.where(np.isin(day, [f"day {number}" for number in range(20, 30)]), UNKNOWN, outcome)
    assert completeness(days.binary(label.astype(int), probability, day)).representative


def test_all_or_nothing_has_nothing_to_compare() -> None:
    """Nor have numbers, of whose predictions no distribution is kept."""
    assert completeness(period(0, 1.0, 1.0)) == Completeness(1.0, 0.0, 1.0, True)
    assert completeness(period(0, 0.0, 0.0)) == Completeness(0.0, 0.0, 1.0, True)
    assert completeness(ClusterCounts()).share == 0.0
    numbers = completeness(days.numbers(0))
    assert numbers.share == 1.0
    assert np.isnan(numbers.distance)
