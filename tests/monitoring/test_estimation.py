"""What estimates without outcomes are made from."""

from dataclasses import replace

import numpy as np
import pytest

from longhaul.evaluation.calibration import Calibration
from longhaul.evaluation.intervals import Interval
from longhaul.monitoring import performance, recalibration
from longhaul.monitoring.assessment import Monitor
from longhaul.monitoring.estimation import Estimator
from longhaul.monitoring.reference import Reference
from tests.monitoring import days, monitored

PROBLEM = monitored.problem()


def reference(shift: float = 0.0) -> Reference:
    """One whose validation window had such a level."""
    rows = days.rows(0, shift=shift)
    counts = days.binary(*rows)
    return replace(monitored.reference(), valid=counts.total, calibration=Calibration.fit(*rows))


def test_the_judged_window_replaces_validation() -> None:
    """Validation was predicted by another model: its calibration is used only without others."""
    judged, period = days.binary(*days.rows(1)), days.binary(*days.rows(2))
    wrong = reference(shift=1.0)
    found = Estimator(wrong, PROBLEM, judged).estimate(period)
    known = performance.realized(period, PROBLEM)
    assert found["log_loss"].value == pytest.approx(known["log_loss"].value, abs=0.05)
    by_validation = Estimator(wrong, PROBLEM).estimate(period)
    assert abs(by_validation["log_loss"].value - known["log_loss"].value) > 0.1


def test_recent_outcomes_join_the_judged_window() -> None:
    """The calibration is that of both."""
    judged, recent = days.binary(*days.rows(1)), days.binary(*days.rows(2, shift=0.5))
    later = {f"later {name}": part for name, part in recent.parts.items()}
    recent = replace(recent, parts=later)
    period = days.binary(*days.rows(3))
    found = Estimator(reference(), PROBLEM, judged, recent).estimate(period)
    both = recalibration.fit(judged + recent)
    assert found == performance.expected(period, both, judged, PROBLEM)


def test_causes_are_explained_against_the_judged_window_alone() -> None:
    """A period is held to what was promised, not to the month before."""
    judged, recent = days.binary(*days.rows(1)), days.binary(*days.rows(2, shift=0.5))
    estimator = Estimator(reference(), PROBLEM, judged, recent)
    assert estimator.relation == recalibration.fit(judged)
    assert estimator.window is judged.total


def test_too_few_days_are_no_evidence() -> None:
    """Of nine judged days, validation is preferred."""
    judged = days.binary(*days.rows(1, days=9))
    assert Estimator(reference(), PROBLEM, judged).relation == reference().calibration


@pytest.mark.parametrize("missed", [False, True])
def test_an_estimate_that_missed_the_judged_window_is_hidden(missed: bool) -> None:
    """It is not shown, and the rule says why."""
    kept = reference()
    outcome, probability, day = days.rows(1)
    swapped = np.where(np.arange(len(day)) % 2 == 0, probability, np.roll(probability, 1))
    judged = days.binary(outcome, swapped if missed else probability, day)
    estimator = Estimator(kept, PROBLEM, judged)
    assert estimator.missed is missed
    observation = monitored.observation(monitored.rows(400), False)
    monitor = Monitor(kept, PROBLEM, {"auc": Interval(0.7, 0.6, 0.8)}, judged)
    found = monitor.assess("2020-07", observation)
    (rule,) = [rule for rule in found.decision.rules if rule.name == "expected AUC"]
    assert (found.expected == {}) is missed
    assert ("missed the newest window with outcomes" in rule.reason) is missed
    assert not missed or rule.state == "ok"
