"""Recalibration of probabilities."""

import json

import numpy as np
import pytest
from scipy.special import expit

from longhaul.evaluation.calibration import Calibration, log_odds
from longhaul.monitoring import recalibration
from tests.monitoring import days


def sample(count: int, intercept: float, slope: float, seed: int = 0):
    """Predictions whose outcomes follow a line through their log-odds."""
    generator = np.random.default_rng(seed)
    odds = generator.normal(-1, 1.2, count)
    return generator.uniform(size=count) < expit(intercept + slope * odds), expit(odds)


@pytest.mark.parametrize(("intercept", "slope"), [(0, 1), (0.5, 1), (-0.3, 0.6), (0.1, 1.7)])
def test_the_line_is_found(intercept: float, slope: float) -> None:
    """Within four of its own standard errors, which many samples confirm."""
    found = [Calibration.fit(*sample(400, intercept, slope, seed)) for seed in range(200)]
    known = expit(intercept + slope * log_odds(np.array([0.1, 0.3, 0.6])))
    said = np.array([one.apply(np.array([0.1, 0.3, 0.6])) for one in found])
    assert np.abs(said.mean(axis=0) - known).max() < 0.01
    straight = [one for one in found if not one.knots]
    assert len(straight) == 200
    errors = np.sqrt([np.diag(np.array(one.covariance)) for one in straight]).mean(axis=0)
    for name, error in zip(("intercept", "slope"), errors, strict=True):
        values = np.array([getattr(one, name) for one in straight])
        assert values.std() == pytest.approx(error, rel=0.2), name


def test_a_bend_is_followed() -> None:
    """Where there are rows enough: no straight line comes as close."""
    outcome, probability, day = days.rows(0, count=2000, bend=0.2, level=0.0)
    found = Calibration.fit(outcome, probability, day)
    assert len(found.bends) == len(found.knots) - 2 == 2
    odds = log_odds(probability) / 1.25
    known = expit(odds + 0.2 * odds**2)
    assert np.abs(found.apply(probability) - known).mean() < 0.01
    few = Calibration.fit(outcome[:300], probability[:300], day[:300])
    assert few.bends == ()


def test_beyond_its_knots_it_is_a_line() -> None:
    """It does not run away where there were no rows."""
    found = Calibration.fit(*days.rows(0))
    outside = log_odds(found.apply(expit(np.array([10.0, 11.0, 12.0]))))
    assert np.diff(outside, 2) == pytest.approx(0, abs=1e-5)


def test_days_that_share_a_level_make_it_less_certain() -> None:
    """The spread of many samples is that of the sandwich, several times that of rows."""
    found = [Calibration.fit(*days.rows(seed, count=200)) for seed in range(80)]
    at = np.array([0.3])
    said = np.array([log_odds(one.apply(at))[0] for one in found])
    design = np.array([one.design(at)[0] for one in found])
    covariances = [np.array(one.covariance) for one in found]
    errors = [np.sqrt(x @ cov @ x) for x, cov in zip(design, covariances, strict=True)]
    assert said.std() == pytest.approx(np.mean(errors), rel=0.25)
    outcome, probability, _ = days.rows(0, count=200)
    by_row = np.array(Calibration.fit(outcome, probability).covariance)
    assert np.mean(errors) > 1.7 * np.sqrt(design[0] @ by_row @ design[0])


@pytest.mark.parametrize("level", [0.0, 0.4, 0.8])
def test_the_variance_of_levels_is_found(level: float) -> None:
    """On average over samples; none where days are alike."""
    found = [Calibration.fit(*days.rows(seed, count=300, level=level)) for seed in range(30)]
    variances = [one.level_variance for one in found]
    assert np.mean(variances) == pytest.approx(level**2, rel=0.2, abs=0.005)


def test_levels_average_to_the_calibrated_probability() -> None:
    """Outcomes of all days together are what was calibrated."""
    found = Calibration.fit(*days.rows(0, level=0.8))
    probability = np.linspace(0.01, 0.99, 50)
    chances, weights = found.at_levels(probability)
    assert weights @ chances == pytest.approx(found.apply(probability), abs=0.01)


def test_counts_are_as_good_as_rows() -> None:
    """Fitted to stored counts, it says the same."""
    rows = days.rows(0)
    found, again = Calibration.fit(*rows), recalibration.fit(days.binary(*rows))
    probability = np.linspace(0.01, 0.99, 50)
    assert again.apply(probability) == pytest.approx(found.apply(probability), abs=2e-3)
    assert again.level_variance == pytest.approx(found.level_variance, rel=0.02)
    assert again.clusters == found.clusters == 30


def test_calibrated_probabilities_stay() -> None:
    """Up to what the sample leaves open."""
    outcome, probability = sample(50_000, 0, 1)
    found = Calibration.fit(outcome, probability)
    assert np.abs(found.apply(probability) - probability).max() < 0.03


@pytest.mark.parametrize("outcome", [np.zeros(10, bool), np.ones(10, bool), np.zeros(0, bool)])
def test_nothing_is_learned_of_one_class(outcome: np.ndarray) -> None:
    """Probabilities stay what they are; certainties nearly so."""
    found = Calibration.fit(outcome, np.linspace(0, 1, len(outcome)))
    assert found == Calibration()
    assert np.allclose(found.apply(np.linspace(0, 1, 10)), np.linspace(0, 1, 10), atol=1e-8)
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()


def test_kept_as_json() -> None:
    """It comes back as it went; an old record has neither levels nor bends."""
    found = Calibration.fit(*days.rows(0))
    assert Calibration.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    old = {"intercept": 0.1, "slope": 0.9, "covariance": [[1.0, 0.0], [0.0, 1.0]]}
    again = Calibration.from_dict(old)
    assert (again.level_variance, again.bends, again.degrees) == (0.0, (), np.inf)
