"""Metrics from counts by cell, against those of the rows themselves."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from longhaul.errors import LonghaulError
from longhaul.evaluation.threshold import mean_cost
from longhaul.monitoring.scores import NEGATIVE, POSITIVE, UNKNOWN, Scores, metrics
from longhaul.problem import Costs
from longhaul.tasks.metrics import measure

COSTS = Costs(1.0, 3.0)
# Probabilities of which no two different ones share a cell.
APART = st.sampled_from([0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.31, 0.5, 0.7, 0.9, 0.99])


def figures(scores: Scores) -> dict[str, float]:
    cells = scores.cells()
    found = metrics(cells, cells.counts[:, NEGATIVE], cells.counts[:, POSITIVE], COSTS)
    return {name: float(value) for name, value in found.items()}


@given(data=st.data(), count=st.integers(1, 60), threshold=APART)
def test_metrics_of_cells_are_those_of_rows(data, count: int, threshold: float) -> None:
    """All of them, to rounding, where no two different probabilities share a cell."""
    probability = np.array(data.draw(st.lists(APART, min_size=count, max_size=count)))
    outcome = data.draw(arrays(np.bool_, count))
    decision = probability >= threshold
    found = figures(Scores.of(probability, decision, outcome))
    known = {
        **measure(outcome, probability),
        "cost": mean_cost(outcome, decision, COSTS),
        "accuracy": outcome.mean(),
    }
    known.pop("calibration_error"), found.pop("calibration_error")  # bins of ties differ
    assert found == pytest.approx(known, nan_ok=True, abs=1e-12)


@pytest.mark.parametrize("base", [0.3, 0.002])
def test_many_rows_lose_next_to_nothing(base: float) -> None:
    """Of any base rate: metrics of cells and of rows agree within half a percent."""
    generator = np.random.default_rng(0)
    odds = generator.normal(np.log(base / (1 - base)), 1.0, 50_000)
    probability = 1 / (1 + np.exp(-odds))
    outcome = generator.uniform(size=len(odds)) < probability
    decision = probability >= base
    found = figures(Scores.of(probability, decision, outcome))
    known = {
        **measure(outcome, probability),
        "cost": mean_cost(outcome, decision, COSTS),
        "accuracy": outcome.mean(),
    }
    error = known.pop("calibration_error")
    assert found.pop("calibration_error") == pytest.approx(error, abs=2e-3)
    assert found == pytest.approx(known, rel=5e-3)
    assert found["log_loss"] == pytest.approx(known["log_loss"], rel=1e-5)


def test_batches_add_up_and_are_kept_as_json() -> None:
    """Parts together are the whole, which comes back as it went."""
    generator = np.random.default_rng(1)
    probability, outcome = generator.uniform(size=999), generator.integers(0, 3, 999)
    decision = probability > 0.4
    whole = Scores.of(probability, decision, outcome)
    parts = [slice(0, 400), slice(400, 999)]
    one, other = (Scores.of(probability[p], decision[p], outcome[p]) for p in parts)
    assert (one + other).to_dict()["counts"] == whole.to_dict()["counts"]
    again = Scores.from_dict(json.loads(json.dumps(whole.to_dict())))
    assert (again.counts == whole.counts).all()
    assert np.allclose(again.sums, whole.sums)
    assert whole.rows == 999
    assert whole.labelled == (outcome != UNKNOWN).sum()
    assert whole.positives == (outcome == POSITIVE).sum()
    assert Scores.from_dict(Scores.empty().to_dict()).rows == 0


def test_what_is_no_probability_is_refused() -> None:
    """As everywhere."""
    with pytest.raises(LonghaulError, match="1 of 2 predictions are not probabilities"):
        Scores.of(np.array([0.5, np.nan]), np.array([True, False]))


def test_certainties_have_a_place() -> None:
    """0 and 1 are probabilities; a certain error costs what scikit-learn says."""
    found = figures(Scores.of(np.array([0.0, 1.0]), np.array([False, True]), np.array([1, 0])))
    known = measure(np.array([True, False]), np.array([0.0, 1.0]))
    assert found["log_loss"] == pytest.approx(known["log_loss"])
