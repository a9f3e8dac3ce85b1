"""Parts of the log loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss

from longhaul.monitoring import murphy

COUNTS = arrays.arrays(np.int64, 12, elements=st.integers(0, 50))
PROBABILITY = np.linspace(0.05, 0.95, 12)


@given(COUNTS, COUNTS)
def test_parts_add_up_to_the_loss(negative: np.ndarray, positive: np.ndarray) -> None:
    """Miscalibration less discrimination plus uncertainty; neither of the first two is negative."""
    if not (negative + positive).any():
        return
    parts = {
        name: float(value[0])
        for name, value in murphy.decompose(PROBABILITY, negative[None], positive[None]).items()
    }
    outcome = np.repeat([0, 1] * 12, np.stack([negative, positive], 1).ravel())
    predicted = np.repeat(np.repeat(PROBABILITY, 2), np.stack([negative, positive], 1).ravel())
    total = parts["miscalibration"] - parts["discrimination"] + parts["uncertainty"]
    assert total == pytest.approx(log_loss(outcome, predicted, labels=[0, 1]), abs=1e-9)
    assert min(parts["miscalibration"], parts["discrimination"]) > -1e-9


def test_calibration_is_that_of_isotonic_regression() -> None:
    """As scikit-learn fits it to the rows."""
    generator = np.random.default_rng(0)
    probability = np.sort(generator.uniform(0.02, 0.98, 4000))
    outcome = generator.uniform(size=4000) < expit(0.6 * logit(probability) + 0.5)
    fitted = IsotonicRegression(out_of_bounds="clip").fit(probability, outcome)
    parts = murphy.decompose(probability, ~outcome[None], outcome[None])
    calibrated = log_loss(outcome, np.clip(fitted.predict(probability), 0, 1), labels=[0, 1])
    expected = log_loss(outcome, probability) - calibrated
    assert parts["miscalibration"][0] == pytest.approx(expected, abs=1e-6)


def test_no_rows_have_no_parts() -> None:
    """NaN, not zero."""
    none = np.zeros((1, 12), dtype=int)
    parts = murphy.decompose(PROBABILITY, none, none)
    assert all(np.isnan(value[0]) for value in parts.values())
