"""The parts of a change of the log loss."""

import numpy as np
import pytest
from scipy.special import expit

from longhaul.evaluation.calibration import Calibration
from longhaul.monitoring import recalibration
from longhaul.monitoring.causes import Causes, decompose, slice_shares
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.scores import UNKNOWN, Scores
from longhaul.tasks import binary
from tests.monitoring import days

CONFIDENCE = 0.95


def world(count: int, seed: int, centre: float = -1.0, shift: float = 0.0, slope: float = 1.0):
    generator = np.random.default_rng(seed)
    odds = generator.normal(centre, 1.2, count)
    outcome = generator.uniform(size=count) < expit(slope * odds + shift)
    return outcome, expit(odds)


def clusters(outcome: np.ndarray, probability: np.ndarray) -> ClusterCounts[Scores]:
    """Rows in forty groups."""
    return days.binary(outcome, probability, (np.arange(len(outcome)) % 40).astype(str))


PAST = world(100_000, 0)
REFERENCE, CALIBRATION = clusters(*PAST).total, Calibration.fit(*PAST)


def explain(outcome: np.ndarray, probability: np.ndarray) -> Causes:
    found = decompose(REFERENCE, clusters(outcome, probability), CALIBRATION, CONFIDENCE)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(3))
def test_parts_add_up(seed: int) -> None:
    """From what the reference was expected to lose to what the period lost, of its very rows."""
    period = world(20_000, 10 + seed, centre=-0.5, shift=0.4)
    found = explain(*period)
    parts = found.covariate_shift + found.concept_shift.value
    assert found.before + parts == pytest.approx(found.after)
    assert found.after == pytest.approx(binary.losses(*period).mean(), rel=1e-4)


def test_other_rows_are_the_features_part() -> None:
    """Only the features moved: the relation's part is nothing, within its interval."""
    found = explain(*world(50_000, 1, centre=0.0))
    assert found.covariate_shift > 0.05
    assert found.concept_shift.low < 0.003
    assert found.concept_shift.high > -0.003


def test_another_relation_is_its_own_part() -> None:
    """Only the relation changed: the features' part is nothing."""
    found = explain(*world(50_000, 1, shift=1.0))
    assert abs(found.covariate_shift) < 0.01
    assert found.concept_shift.low > 0.05


def _small(count: int, seed: int, turned: bool = False) -> ClusterCounts[Scores]:
    """A few hundred rows of thirty days, whose order may have turned round."""
    generator = np.random.default_rng(seed)
    odds = generator.normal(-1.5, 1.1, count)
    outcome = generator.uniform(size=count) < expit(-3 - odds if turned else odds)
    day = generator.integers(0, 30, count).astype(str)
    return days.binary(outcome, expit(odds), day)


@pytest.mark.parametrize(("count", "least"), [(3, 2), pytest.param(60, 53, marks=pytest.mark.slow)])
def test_an_order_that_turns_is_a_concept_shift_beyond_doubt(count: int, least: int) -> None:
    """Learned from 300 rows, seen in 400: its lower bound exceeds the covariate shift.

    Where nothing turned, the interval holds zero as often as it promises.
    """
    held = 0
    for seed in range(count):
        judged = _small(300, seed)
        relation = recalibration.fit(judged)
        same = decompose(judged.total, _small(400, 1000 + seed), relation, CONFIDENCE)
        turned = decompose(judged.total, _small(400, 2000 + seed, True), relation, CONFIDENCE)
        assert same is not None
        assert turned is not None
        held += same.concept_shift.low <= 0 <= same.concept_shift.high
        assert turned.concept_shift.low > abs(turned.covariate_shift)
    assert held >= least


def test_what_a_shift_would_win_back() -> None:
    """Of a moved base rate, all that the right probabilities save; of an order lost, little."""
    moved = explain(*world(50_000, 1, shift=1.0))
    blunt = explain(*world(50_000, 1, shift=-0.7, slope=0.3))
    assert moved.base_rate_shift == pytest.approx(moved.after - loss_after_shift(1.0), abs=2e-3)
    assert 0 <= blunt.base_rate_shift < 0.5 * blunt.concept_shift.value


def loss_after_shift(shift: float) -> float:
    outcome, probability = world(50_000, 1, shift=shift)
    odds = np.log(probability / (1 - probability))
    return float(binary.losses(outcome, expit(odds + shift)).mean())


@pytest.mark.parametrize("count", [3, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("level", "bend"), [(0.4, 0.0), (0.0, 0.0), (0.4, 0.15)], ids=["days", "rows", "bent"]
)
def test_what_did_not_change_is_seldom_said_to_have(level: float, bend: float, count: int) -> None:
    """Days have their level, the relation may be bent, rows move: 95% of intervals hold zero."""
    held = 0
    for seed in range(count):
        past = days.binary(*days.rows(seed, count=300, level=level, bend=bend))
        moved = days.rows(10_000 + seed, count=300, level=level, bend=bend, centre=-1.6)
        found = decompose(past.total, days.binary(*moved), recalibration.fit(past), CONFIDENCE)
        assert found is not None
        held += found.concept_shift.low <= 0 <= found.concept_shift.high
    assert held >= 0.85 * count  # 51 of 60: 95% less four standard errors


def test_a_few_days_lean_on_the_spread_of_earlier_levels() -> None:
    """Of five days, the interval is wider than that of five days as they were alike."""
    past = days.binary(*days.rows(0))
    few, many = (
        decompose(past.total, days.binary(*days.rows(1, days=count)), recalibration.fit(past), 0.95)
        for count in (5, 30)
    )
    assert few is not None
    assert many is not None
    assert few.concept_shift.error > 1.3 * many.concept_shift.error


def test_slices_carry_their_part() -> None:
    """One of two slices changed: it carries all, and both add up to the whole."""
    same, changed = world(20_000, 2), world(20_000, 3, shift=1.0)
    parts = {("plan", "a"): clusters(*same), ("plan", "b"): clusters(*changed)}
    whole = parts["plan", "a"] + parts["plan", "b"]
    found = decompose(REFERENCE, whole, CALIBRATION, CONFIDENCE)
    assert found is not None
    totals = {key: part.total for key, part in parts.items()}
    first, second = slice_shares(totals, whole, CALIBRATION, CONFIDENCE)
    assert (first.value, second.value) == ("b", "a")
    both = first.part.value + second.part.value
    assert both == pytest.approx(found.concept_shift.value, rel=1e-3)
    assert second.part.low < 0.003 < 0.02 < first.part.low
    assert first.positive > first.expected + 0.1


def test_errors_of_slices_grow_with_those_of_the_period() -> None:
    """A slice that is the whole period has its interval, days and all."""
    whole = days.binary(*days.rows(1))
    calibration = Calibration.fit(*days.rows(0))
    found = decompose(whole.total, whole, calibration, CONFIDENCE)
    (share,) = slice_shares({("plan", "a"): whole.total}, whole, calibration, CONFIDENCE)
    assert found is not None
    assert share.part.error == pytest.approx(found.concept_shift.error)


def test_without_outcomes_there_is_no_cause() -> None:
    """Nor a slice."""
    unknown = days.binary(np.array([UNKNOWN]), np.array([0.2]), np.array(["a"]))
    assert decompose(REFERENCE, unknown, CALIBRATION, CONFIDENCE) is None
    assert slice_shares({("a", "b"): unknown.total}, unknown, CALIBRATION, CONFIDENCE) == []


def test_one_class_only_is_still_taken_apart() -> None:
    """No shift meets a share of nothing; the level is left with what there is."""
    found = explain(np.zeros(100, bool), np.full(100, 0.2))
    assert np.isfinite(found.base_rate_shift)
