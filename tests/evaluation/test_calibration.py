"""Recalibration of probabilities."""

import json

import numpy as np
import pytest
from scipy.special import expit

from longhaul.evaluation.calibration import Calibration, log_odds


def sample(count: int, intercept: float, slope: float, seed: int = 0):
    """Predictions whose outcomes follow a line through their log-odds."""
    generator = np.random.default_rng(seed)
    odds = generator.normal(-1, 1.2, count)
    return generator.uniform(size=count) < expit(intercept + slope * odds), expit(odds)


@pytest.mark.parametrize(("intercept", "slope"), [(0, 1), (0.5, 1), (-0.3, 0.6), (0.1, 1.7)])
def test_the_line_is_found(intercept: float, slope: float) -> None:
    """Within four of its own standard errors, which many samples confirm."""
    found = [Calibration.fit(*sample(4000, intercept, slope, seed)) for seed in range(60)]
    errors = np.sqrt(np.diag(np.array(found[0].covariance)))
    for name, known, error in (("intercept", intercept, errors[0]), ("slope", slope, errors[1])):
        values = np.array([getattr(one, name) for one in found])
        assert abs(values[0] - known) < 4 * error
        assert values.std() == pytest.approx(error, rel=0.35)


def test_calibrated_probabilities_stay() -> None:
    """Up to what the sample leaves open."""
    outcome, probability = sample(50_000, 0, 1)
    found = Calibration.fit(outcome, probability)
    assert np.abs(found.apply(probability) - probability).max() < 0.02


def test_draws_follow_the_covariance() -> None:
    """As many as were asked for, around the estimate."""
    found = Calibration.fit(*sample(4000, 0.5, 1))
    draws = found.draws(2000, np.random.default_rng(0))
    drawn = np.array([[one.intercept, one.slope] for one in draws])
    assert np.allclose(np.cov(drawn.T), found.covariance, rtol=0.15, atol=1e-5)
    assert np.allclose(drawn.mean(0), [found.intercept, found.slope], atol=0.01)


@pytest.mark.parametrize("outcome", [np.zeros(10, bool), np.ones(10, bool)])
def test_nothing_is_learned_of_one_class(outcome: np.ndarray) -> None:
    """Probabilities stay what they are; certainties nearly so."""
    found = Calibration.fit(outcome, np.linspace(0, 1, 10))
    assert found == Calibration()
    assert np.allclose(found.apply(np.linspace(0, 1, 10)), np.linspace(0, 1, 10), atol=1e-8)
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()


def test_kept_as_json() -> None:
    """It comes back as it went."""
    found = Calibration.fit(*sample(500, 0.5, 1))
    assert Calibration.from_dict(json.loads(json.dumps(found.to_dict()))) == found
