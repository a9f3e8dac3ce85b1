"""The parts of a change of the log loss."""

import numpy as np
import pytest
from scipy.special import expit

from longhaul.evaluation.calibration import Calibration
from longhaul.monitoring.causes import decompose, slice_shares
from longhaul.monitoring.scores import Scores
from longhaul.tasks import binary


def world(count: int, seed: int, centre: float = -1.0, shift: float = 0.0, slope: float = 1.0):
    generator = np.random.default_rng(seed)
    odds = generator.normal(centre, 1.2, count)
    outcome = generator.uniform(size=count) < expit(slope * odds + shift)
    return outcome, expit(odds)


def scores(outcome: np.ndarray, probability: np.ndarray) -> Scores:
    return Scores.of(probability, probability > 0.5, outcome)


PAST = world(100_000, 0)
REFERENCE, CALIBRATION = scores(*PAST), Calibration.fit(*PAST)


@pytest.mark.parametrize("seed", range(3))
def test_parts_add_up(seed: int) -> None:
    """From what the reference was expected to lose to what the period lost, of its very rows."""
    period = world(20_000, 10 + seed, centre=-0.5, shift=0.4)
    found = decompose(REFERENCE, scores(*period), CALIBRATION)
    assert found is not None
    parts = found.covariate_shift + found.concept_shift.value
    assert found.before + parts == pytest.approx(found.after)
    assert found.after == pytest.approx(binary.losses(*period).mean(), rel=1e-4)


def test_other_rows_are_the_features_part() -> None:
    """Only the features moved: the relation's part is nothing, within its interval."""
    found = decompose(REFERENCE, scores(*world(50_000, 1, centre=0.0)), CALIBRATION)
    assert found is not None
    assert found.covariate_shift > 0.05
    assert found.concept_shift.low < 0.003
    assert found.concept_shift.high > -0.003


def test_another_relation_is_its_own_part() -> None:
    """Only the relation changed: the features' part is nothing."""
    found = decompose(REFERENCE, scores(*world(50_000, 1, shift=1.0)), CALIBRATION)
    assert found is not None
    assert abs(found.covariate_shift) < 0.01
    assert found.concept_shift.low > 0.05


def test_what_a_shift_would_win_back() -> None:
    """Of a moved base rate, all that the right probabilities save; of an order lost, little."""
    moved = decompose(REFERENCE, scores(*world(50_000, 1, shift=1.0)), CALIBRATION)
    blunt = decompose(REFERENCE, scores(*world(50_000, 1, shift=-0.7, slope=0.3)), CALIBRATION)
    assert moved is not None
    assert blunt is not None
    assert moved.base_rate_shift == pytest.approx(moved.after - loss_after_shift(1.0), abs=2e-3)
    assert 0 <= blunt.base_rate_shift < 0.5 * blunt.concept_shift.value


def loss_after_shift(shift: float) -> float:
    outcome, probability = world(50_000, 1, shift=shift)
    odds = np.log(probability / (1 - probability))
    return float(binary.losses(outcome, expit(odds + shift)).mean())


def test_slices_carry_their_part() -> None:
    """One of two slices changed: it carries all, and both add up to the whole."""
    same, changed = world(20_000, 2), world(20_000, 3, shift=1.0)
    parts = {("plan", "a"): scores(*same), ("plan", "b"): scores(*changed)}
    whole = parts["plan", "a"] + parts["plan", "b"]
    found = decompose(REFERENCE, whole, CALIBRATION)
    assert found is not None
    first, second = slice_shares(parts, CALIBRATION, whole.labelled)
    assert (first.value, second.value) == ("b", "a")
    both = first.part.value + second.part.value
    assert both == pytest.approx(found.concept_shift.value, rel=1e-3)
    assert second.part.low < 0.003 < 0.02 < first.part.low
    assert first.positive > first.expected + 0.1


def test_without_outcomes_there_is_no_cause() -> None:
    """Nor a slice."""
    unknown = Scores.of(np.array([0.2]), np.array([False]))
    assert decompose(REFERENCE, unknown, CALIBRATION) is None
    assert slice_shares({("a", "b"): unknown}, CALIBRATION, 0) == []


def test_one_class_only_is_still_taken_apart() -> None:
    """No shift meets a share of nothing; the level is left with what there is."""
    found = decompose(REFERENCE, scores(np.zeros(100, bool), np.full(100, 0.2)), CALIBRATION)
    assert found is not None
    assert np.isfinite(found.base_rate_shift)
