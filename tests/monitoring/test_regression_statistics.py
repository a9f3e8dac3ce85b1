"""Figures of predicted numbers from sums, against those of the rows themselves."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from longhaul.monitoring.regression_statistics import RegressionStatistics
from longhaul.tasks import regression


def world(count: int, seed: int = 0, centre: float = 0.0, scale: float = 1.0):
    """Predictions and outcomes that are right on average."""
    generator = np.random.default_rng(seed)
    outcome = generator.normal(0, 2, count)
    said = 0.8 * outcome + generator.standard_t(5, count)
    return centre + scale * said, centre + scale * outcome


@given(
    st.integers(2, 200),
    st.integers(0, 9),
    st.sampled_from([0, -3.5, 1e7]),
    st.sampled_from([1e-3, 1, 1e4]),
)
def test_values_are_those_of_rows(count: int, seed: int, centre: float, scale: float) -> None:
    """Of numbers of any size."""
    said, outcome = world(count, seed, centre, scale)
    found = RegressionStatistics.of(said, outcome).figures(0.95)
    known = regression.measure(outcome, said)
    for name, one in found.items():
        assert one.value == pytest.approx(known[name], rel=1e-4, abs=1e-5 * scale), name


def test_intervals_are_those_of_a_bootstrap() -> None:
    """Of every figure, to within a tenth of their width."""
    said, outcome = world(4000)
    found = RegressionStatistics.of(said, outcome).figures(0.95)
    for name, one in found.items():
        drawn = stats.bootstrap(
            (outcome, said),
            lambda o, s, name=name: regression.measure(o, s)[name],
            paired=True,
            vectorized=False,
            n_resamples=600,
            method="percentile",
            rng=np.random.default_rng(0),
        ).confidence_interval
        width = drawn.high - drawn.low
        assert one.low == pytest.approx(drawn.low, abs=0.15 * width), name
        assert one.high == pytest.approx(drawn.high, abs=0.15 * width), name


def test_parts_add_up_and_are_kept_as_json() -> None:
    """In the reference's unit; what is not known counts as a row alone."""
    said, outcome = world(900)
    whole = RegressionStatistics.of(said, outcome)
    every = np.ones(300, dtype=bool)
    parts = [
        whole.summarize(said[i : i + 300], every, outcome[i : i + 300]) for i in range(0, 900, 300)
    ]
    total = parts[0] + parts[1] + parts[2]
    assert total.sums == pytest.approx(whole.sums)
    again = RegressionStatistics.from_dict(json.loads(json.dumps(whole.to_dict())))
    assert again.figures(0.9) == whole.figures(0.9)
    unknown = whole.summarize(said, np.ones(900, dtype=bool), np.full(900, np.nan))
    assert (unknown.rows, unknown.labelled, unknown.figures(0.95)) == (900, 0, {})


def test_outcomes_that_never_vary_have_nothing_to_explain() -> None:
    """R² is not known; the errors are."""
    found = RegressionStatistics.of(np.array([1.0, 3.0]), np.array([2.0, 2.0])).figures(0.95)
    assert np.isnan(found["r2"].value)
    assert (found["rmse"].value, found["bias"].value) == (1.0, 0.0)
