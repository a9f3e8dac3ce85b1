"""Performance with outcomes, and what may be expected without them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from longhaul.evaluation.calibration import Calibration
from longhaul.evaluation.intervals import intervals
from longhaul.evaluation.threshold import mean_cost
from longhaul.monitoring import performance
from longhaul.monitoring.scores import Scores
from longhaul.problem import Costs
from longhaul.tasks import binary
from longhaul.tasks.metrics import measure
from tests.monitoring import monitored

COSTS = Costs(1.0, 3.0)
PROBLEM = replace(monitored.problem(), costs=COSTS)
THRESHOLD = 0.25


def world(count: int, seed: int, centre: float = -1.0, spread: float = 1.2, shift: float = 0.0):
    """A model's probabilities, which overstate all log-odds by a quarter, and outcomes.

    With ``shift`` the outcomes no longer follow the probabilities as they did.
    """
    generator = np.random.default_rng(seed)
    true = generator.normal(centre, spread, count)
    outcome = generator.uniform(size=count) < expit(true + shift)
    return outcome, expit(1.25 * true)


def scores(outcome: np.ndarray | None, probability: np.ndarray) -> Scores:
    return Scores.of(probability, probability >= THRESHOLD, outcome)


def truth(outcome: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    known = measure(outcome, probability)
    return {**known, "cost": mean_cost(outcome, probability >= THRESHOLD, COSTS)}


@pytest.mark.parametrize("moved", [{}, {"centre": -2.0}, {"centre": 0.5, "spread": 0.7}])
def test_expectations_meet_a_known_truth(moved: dict[str, float]) -> None:
    """Features drift, the relation does not: what is expected is what a million rows show."""
    calibration = Calibration.fit(*world(40_000, 1))
    outcome, probability = world(1_000_000, 2, **moved)
    found = performance.expected(scores(None, probability), calibration, PROBLEM, 0)
    known = truth(outcome, probability)
    assert set(found) == set(known) - {"calibration_error"}
    for name, one in found.items():
        assert one.value == pytest.approx(known[name], rel=0.015), name


@pytest.mark.slow
def test_intervals_of_expectations_hold_what_they_promise() -> None:
    """Of 120 periods with drifted features, some 95% have what was realized in their interval."""
    hits: dict[str, int] = {}
    for seed in range(120):
        calibration = Calibration.fit(*world(4000, 1000 + seed))
        outcome, probability = world(3000, 2000 + seed, centre=-1.6)
        found = performance.expected(scores(None, probability), calibration, PROBLEM, seed)
        known = truth(outcome, probability)
        for name, one in found.items():
            hits[name] = hits.get(name, 0) + (one.low <= known[name] <= one.high)
    for name, count in hits.items():
        assert count >= 106, f"{name}: {count} of 120"  # 95% less four standard errors


def test_a_changed_relation_does_not_show() -> None:
    """That is the assumption, said beside every figure; and the error is told when it is known."""
    calibration = Calibration.fit(*world(40_000, 1))
    outcome, probability = world(40_000, 2, shift=1.0)
    before = performance.expected(scores(None, probability), calibration, PROBLEM, 0)
    real = performance.realized(scores(outcome, probability), PROBLEM, 0)
    errors = performance.estimate_errors(before, real)
    assert before["log_loss"].high < real["log_loss"].low
    assert errors["log_loss"] == before["log_loss"].value - real["log_loss"].value < 0
    assert "relation" in performance.ASSUMPTION


def test_realized_intervals_are_those_of_a_bootstrap_of_rows() -> None:
    """Counts by cell are resampled as rows are: values and widths agree."""
    outcome, probability = world(3000, 3)
    found = performance.realized(scores(outcome, probability), PROBLEM, 0)
    known = intervals(binary, outcome, probability, 0.95, 0)
    for name, one in known.items():
        assert found[name].value == pytest.approx(one.value, abs=4e-3)
        width = one.high - one.low
        assert found[name].high - found[name].low == pytest.approx(width, rel=0.3, abs=2e-3), name


def test_only_known_outcomes_count() -> None:
    """Rows without one change nothing of what was realized."""
    outcome, probability = world(2000, 4)
    coded = outcome.astype(int)
    coded[1000:] = 2
    found = performance.realized(scores(coded, probability), PROBLEM, 0)
    auc = roc_auc_score(outcome[:1000], probability[:1000])
    assert found["auc"].value == pytest.approx(auc, abs=2e-3)


def test_nothing_is_known_of_nothing() -> None:
    """No predictions, or no outcomes: no figures; one class: no AUC."""
    calibration, none = Calibration(), np.array([])
    assert performance.expected(scores(None, none), calibration, PROBLEM, 0) == {}
    assert performance.realized(scores(None, np.array([0.2])), PROBLEM, 0) == {}
    alike = performance.realized(scores(np.zeros(50, bool), np.full(50, 0.2)), PROBLEM, 0)
    assert np.isnan(alike["auc"].value)
    assert alike["brier"].value == pytest.approx(0.04)
