"""Figures of predicted numbers from sums, against those of the rows themselves."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.monitoring.regression_statistics import RegressionStatistics
from longhaul.tasks import regression


def world(count: int, seed: int = 0, centre: float = 0.0, scale: float = 1.0):
    """Predictions and outcomes that are right on average."""
    generator = np.random.default_rng(seed)
    outcome = generator.normal(0, 2, count)
    said = 0.8 * outcome + generator.standard_t(5, count)
    return centre + scale * said, centre + scale * outcome


def sums(said: np.ndarray, outcome: np.ndarray) -> RegressionStatistics:
    return RegressionStatistics.in_unit_of(outcome).summarize(said, outcome)


@given(
    st.integers(2, 200),
    st.integers(0, 9),
    st.sampled_from([0, -3.5, 1e7]),
    st.sampled_from([1e-3, 1, 1e4]),
)
def test_values_are_those_of_rows(count: int, seed: int, centre: float, scale: float) -> None:
    """Of numbers of any size."""
    said, outcome = world(count, seed, centre, scale)
    found = sums(said, outcome).measure()
    known = regression.measure(outcome, said)
    for name, one in found.items():
        assert one == pytest.approx(known[name], rel=1e-4, abs=1e-5 * scale), name


def test_parts_add_up_and_are_kept_as_json() -> None:
    """In the reference's unit; what is not known counts as a row alone."""
    said, outcome = world(900)
    losses = np.abs(np.random.default_rng(0).normal(size=(900, 2)))
    whole = sums(said, outcome).summarize(said, outcome, losses)
    parts = [
        whole.summarize(said[i : i + 300], outcome[i : i + 300], losses[i : i + 300])
        for i in range(0, 900, 300)
    ]
    total = parts[0] + parts[1] + parts[2]
    assert total.sums == pytest.approx(whole.sums)
    assert total.losses.products == pytest.approx(whole.losses.products)
    rest = total - parts[2]
    assert rest.measure() == pytest.approx((parts[0] + parts[1]).measure())
    again = RegressionStatistics.from_dict(json.loads(json.dumps(whole.to_dict())))
    assert again.measure() == whole.measure()
    assert again.losses.sums == pytest.approx(whole.losses.sums)
    unknown = whole.summarize(said, np.full(900, np.nan), losses)
    assert (unknown.rows, unknown.labelled, unknown.losses.labelled) == (900, 0, 0)
    assert unknown.losses.expected == pytest.approx(whole.losses.expected)
    assert np.isnan(list(unknown.measure().values())).all()


def test_records_made_before_losses_were_kept_are_read() -> None:
    """They expect none."""
    record = sums(*world(50)).to_dict()
    del record["losses"]
    assert len(RegressionStatistics.from_dict(record).losses.expected) == 0


def test_outcomes_that_never_vary_have_nothing_to_explain() -> None:
    """R² is not known; the errors are."""
    found = sums(np.array([1.0, 3.0]), np.array([2.0, 2.0])).measure()
    assert np.isnan(found["r2"])
    assert (found["rmse"], found["bias"]) == (1.0, 0.0)
