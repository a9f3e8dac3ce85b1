"""One decision per period."""

from dataclasses import replace

import pytest

from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.decision import Decision, decide
from longhaul.monitoring.drift import ColumnDrift, Drift
from longhaul.monitoring.evidence import CorrectionEvidence, PeriodEvidence, RealizedMetrics
from longhaul.monitoring.labelling import Completeness
from longhaul.monitoring.thresholds import Measure
from longhaul.problem import Monitoring
from tests.monitoring import monitored

PROBLEM = replace(
    monitored.problem(), monitoring=Monitoring(min_rows=100, fall=0.02, persistence=(2, 3))
)


def figure(value: float, margin: float = 0.005) -> Interval:
    return Interval(value, value - margin, value + margin)


def column(name: str, drifted: bool = False, distance: float = 0.3) -> ColumnDrift:
    measure = Measure("ks", distance, 0.01, 0.1, 0.0 if drifted else 1.0)
    gone = Measure("missing", 0.0, 0.01, 0.1, 1.0)
    return ColumnDrift(name, name, "number", 0.5, (measure, gone), 0.0, drifted)


def drift(*drifted: str, scores: bool = False) -> Drift:
    columns = tuple(column(name, True) for name in drifted) or (column("calls"),)
    still = column("volume")
    return Drift(columns, column("probability", scores), still, still, 5, True)


def figures(**changed: float) -> dict[str, Interval]:
    """The figures of a model as it was judged, some changed."""
    judged = {
        "auc": 0.75,
        "log_loss": 0.5,
        "calibration_error": 0.02,
        "saving": 0.2,
        "miscalibration": 0.002,
        "discrimination": 0.1,
        "uncertainty": 0.6,
    }
    return {name: figure(value) for name, value in {**judged, **changed}.items()}


def realized(labelled: int = 500, clusters: int = 30, **changed: float) -> RealizedMetrics:
    measured = figures(**changed) if labelled else {}
    return RealizedMetrics(
        "2020-07", 500, labelled, labelled // 3, measured, clusters if labelled else 0, "days"
    )


GOOD = PeriodEvidence(
    rows=500,
    drift=drift(),
    expected={"auc": figure(0.75)},
    reference_estimate=0.75,
    baseline=figures(),
    realized=realized(),
)
LEVEL_OFF = {"log_loss": 0.58, "miscalibration": 0.08}


def rule(decision: Decision, name: str) -> str:
    (found,) = (one.state for one in decision.rules if one.name == name)
    return found


def test_all_is_well() -> None:
    """Nothing moved, performance as it was: ok, and nothing to do."""
    found = decide(PROBLEM, GOOD)
    assert (found.level, found.action, found.degraded) == ("ok", "none", False)
    assert {one.state for one in found.rules} == {"ok"}


def test_drift_without_harm_is_a_decision_of_its_own() -> None:
    """Features drifted, performance intact: no retraining."""
    found = decide(PROBLEM, replace(GOOD, drift=drift("calls", "plan")))
    assert (found.level, found.action) == ("watch", "none")
    assert found.reason == "features drifted, performance intact: no retraining"


def test_a_single_fall_is_watched() -> None:
    """One bad period may be chance."""
    found = decide(PROBLEM, replace(GOOD, realized=realized(auc=0.70)))
    assert (found.level, found.action, found.degraded) == ("watch", "look", True)
    assert rule(found, "persistence") == "watch"


@pytest.mark.parametrize(
    ("earlier", "act"),
    [
        ([True], True),
        ([True, False], True),
        ([True, False, False], False),
        ([False, False], False),
        ([], False),
    ],
)
def test_persistence_is_m_of_the_last_n(earlier: list[bool], act: bool) -> None:
    """Two of the last three, the present one among them."""
    found = decide(PROBLEM, replace(GOOD, realized=realized(auc=0.70), earlier=earlier))
    assert (found.action == "retrain") == act
    assert found.level == ("act" if act else "watch")


def test_past_falls_alone_ask_for_nothing() -> None:
    """What has recovered is not trained again."""
    found = decide(PROBLEM, replace(GOOD, earlier=[True, True]))
    assert (found.level, found.action) == ("ok", "none")


def test_lost_calibration_is_a_fall() -> None:
    """Beyond what the gate allows, though the order still holds."""
    lost = realized(calibration_error=0.3)
    found = decide(PROBLEM, replace(GOOD, realized=lost, earlier=[True]))
    assert found.action == "retrain"
    assert rule(found, "realized calibration error") == "watch"


@pytest.mark.parametrize(
    ("changed", "diagnosis"),
    [
        ({"auc": 0.70}, "discrimination"),
        ({"log_loss": 0.58, "discrimination": 0.05}, "discrimination"),
        (LEVEL_OFF, "miscalibration"),
        ({"calibration_error": 0.3}, "miscalibration"),
        ({"saving": -0.1}, "miscalibration"),
        ({"saving": 0.05}, "miscalibration"),
        ({"log_loss": 0.58, "uncertainty": 0.68}, "uncertainty"),
        ({"log_loss": 0.51}, "intact"),
        ({"saving": 0.15}, "intact"),
        ({"uncertainty": 0.68}, "intact"),
    ],
)
def test_any_figure_can_fall_and_its_cause_is_named(
    changed: dict[str, float], diagnosis: str
) -> None:
    """The order, the loss, the level or the cost; the parts of the loss say why."""
    decision = decide(PROBLEM, replace(GOOD, realized=realized(**changed)))
    assert decision.diagnosis == diagnosis
    assert decision.degraded == (diagnosis in {"discrimination", "miscalibration"})
    if diagnosis != "intact":
        assert "intact" not in decision.reason
        assert decision.level != "ok"


def test_the_cheapest_remedy_comes_first() -> None:
    """A correction that would have helped is asked for at once; retraining only if it lasts."""
    off = replace(GOOD, realized=realized(**LEVEL_OFF))
    helps = CorrectionEvidence(helps=True)
    decision = decide(PROBLEM, replace(off, correction=helps))
    assert (decision.level, decision.action) == ("act", "recalibrate")
    assert decision.reason.startswith("the level is off")
    lasting = replace(off, earlier=[True, True])
    assert decide(PROBLEM, replace(lasting, correction=helps)).action == "recalibrate"
    assert decide(PROBLEM, off).action == "look"
    assert decide(PROBLEM, lasting).action == "retrain"
    in_vain = CorrectionEvidence(helps=True, applied=True)
    assert decide(PROBLEM, replace(lasting, correction=in_vain)).action == "retrain"
    assert "could not win it back" in decide(PROBLEM, replace(lasting, correction=in_vain)).reason


def test_a_proven_correction_is_asked_for_before_anything_fell() -> None:
    """Evidence of all days since the version was judged is stronger than that of one period."""
    proven = CorrectionEvidence(gain=figure(0.009, 0.004), saving=figure(0.026, 0.013))
    decision = decide(PROBLEM, replace(GOOD, correction=proven))
    assert (decision.level, decision.action) == ("act", "recalibrate")
    assert "+0.0090 [+0.0050, +0.0130] of log loss" in decision.reason
    unproven = replace(proven, gain=figure(0.003, 0.004))
    assert decide(PROBLEM, replace(GOOD, correction=unproven)).level == "ok"
    assert decide(PROBLEM, replace(GOOD, correction=replace(proven, applied=True))).level == "ok"
    order = replace(GOOD, correction=proven, realized=realized(auc=0.7), earlier=[True])
    assert decide(PROBLEM, order).action == "retrain"


def test_what_nobody_can_predict_is_left_alone() -> None:
    """Only the uncertainty moved: nothing is trained, however long it lasts."""
    harder = realized(log_loss=0.58, uncertainty=0.68)
    decision = decide(PROBLEM, replace(GOOD, realized=harder, earlier=[True, True]))
    assert (decision.level, decision.action, decision.degraded) == ("watch", "none", False)
    assert "no remedy helps" in decision.reason


def test_costlier_than_a_constant_rule_is_never_intact() -> None:
    """Whatever was promised."""
    promised = figures(saving=0.02)
    evidence = replace(GOOD, baseline=promised, realized=realized(saving=-0.01))
    decision = decide(PROBLEM, evidence)
    assert decision.degraded is True
    assert any("best constant rule" in rule.reason for rule in decision.rules)


def test_few_clusters_are_insufficient_data() -> None:
    """Thousands of rows of nine days are nine days."""
    decision = decide(PROBLEM, replace(GOOD, realized=realized(clusters=9)))
    assert decision.degraded is None
    assert "insufficient data: 9 days of 2020-07 have outcomes, 10 are needed" in decision.reason


def test_a_fall_within_doubt_or_tolerance_is_none() -> None:
    """The whole interval must lie below the baseline less the tolerance."""
    assert decide(PROBLEM, replace(GOOD, realized=realized(auc=0.724))).degraded is False
    assert decide(PROBLEM, replace(GOOD, realized=realized(auc=0.722))).degraded is True


@pytest.mark.parametrize(
    "evidence",
    [
        PeriodEvidence(rows=0),
        replace(GOOD, rows=99),
        replace(GOOD, realized=realized(labelled=99)),
        replace(GOOD, realized=realized(labelled=0)),
        replace(GOOD, realized=replace(realized(), positives=0)),
        replace(GOOD, realized=replace(realized(), positives=500)),
        replace(GOOD, baseline={}),
        replace(GOOD, realized=realized(auc=float("nan"))),
    ],
)
def test_what_is_not_known_is_never_ok(evidence: PeriodEvidence) -> None:
    """Too few rows or outcomes, one class, nothing to compare with: to be looked at."""
    found = decide(PROBLEM, evidence)
    assert found.level == "watch"
    assert "unknown" in {one.state for one in found.rules}
    assert found.degraded is None or evidence.rows == 99
    assert found.reason


def test_insufficient_data_is_said() -> None:
    """In these words, with the counts."""
    found = decide(PROBLEM, replace(GOOD, realized=realized(labelled=99)))
    assert "insufficient data: 99 outcomes of 2020-07 are known, 100 are needed" in found.reason
    none = decide(PROBLEM, replace(GOOD, realized=realized(labelled=0)))
    assert "no outcome of 2020-07 is known, though they are due" in none.reason
    one = decide(PROBLEM, replace(GOOD, realized=replace(realized(), positives=500)))
    assert "all 500 outcomes of 2020-07 are positive" in one.reason


@pytest.mark.parametrize(
    ("completeness", "reason"),
    [
        (Completeness(0.4, 0.01, 0.1, True), "outcomes of 40% of the rows"),
        (Completeness(0.9, 0.2, 0.1, False), "predicted otherwise than those without"),
    ],
)
def test_outcomes_that_arrive_first_are_no_evidence(
    completeness: Completeness, reason: str
) -> None:
    """Positives are often known first: too few outcomes, or those of other rows, say nothing."""
    evidence = replace(GOOD, realized=replace(realized(auc=0.6), completeness=completeness))
    decision = decide(PROBLEM, evidence)
    assert decision.degraded is None
    assert reason in decision.reason


def test_outcomes_that_are_not_due_are_not_missed() -> None:
    """With a lag, a period without outcomes can be ok."""
    found = decide(PROBLEM, replace(GOOD, realized=None))
    assert (found.level, found.degraded) == ("ok", None)


def test_broken_data_is_repaired_before_anything_is_trained() -> None:
    """A column that is gone outranks a performance that fell for it."""
    broken = replace(
        GOOD, columns={"calls": "is gone"}, realized=realized(auc=0.6), earlier=[True, True]
    )
    found = decide(PROBLEM, broken)
    assert (found.level, found.action) == ("act", "repair")
    assert found.reason == "repair the data: 'calls' is gone"


def test_a_column_of_which_all_is_missing_is_broken() -> None:
    """It is there, and says nothing."""
    gone = Measure("missing", 1.0, 0.0, 0.02, 0.0)
    empty = ColumnDrift("age", "age", "number", 0.1, (gone,), 0.0, True, empty=True)
    found = decide(PROBLEM, replace(GOOD, drift=replace(drift(), columns=(empty,))))
    assert found.action == "repair"
    assert "'age' has no value in any row" in found.reason


def test_a_column_far_away_is_not_broken() -> None:
    """It has hardly any value, and those are far off: drift, and nothing to repair."""
    far = column("age", True, distance=50.0)
    found = decide(PROBLEM, replace(GOOD, drift=replace(drift(), columns=(far,))))
    assert (found.level, found.action) == ("watch", "none")
    assert rule(found, "columns") == "ok"


def reasons(found: Decision) -> dict[str, str]:
    return {one.name: one.reason for one in found.rules}


def test_what_cannot_be_compared_is_named() -> None:
    """A Saturday among workdays: every rule of the data is ok, and says why."""
    saturday = replace(drift(), incomparable="2013-06-08 is a Saturday")
    found = decide(PROBLEM, replace(GOOD, drift=saturday))
    assert found.level == "ok"
    for name in ("features", "predictions", "volume", "repeated rows"):
        assert "not judged: 2013-06-08 is a Saturday" in reasons(found)[name]


def test_part_of_a_period_is_named() -> None:
    """Half a month: every rule of the data but that of its volume says why it is not judged."""
    half = replace(drift(), partial="2013-06 has rows on 15 of its 30 days")
    given = reasons(decide(PROBLEM, replace(GOOD, drift=half)))
    for name in ("features", "predictions", "repeated rows"):
        assert "not judged: 2013-06 has rows on 15 of its 30 days" in given[name]
    assert "not judged" not in given["volume"]


def test_a_trend_is_named() -> None:
    """A column that goes on as it did is no drift."""
    rising = replace(drift(), columns=(replace(column("age"), trend=True),))
    found = decide(PROBLEM, replace(GOOD, drift=rising))
    assert found.level == "ok"
    assert "age follows its trend" in reasons(found)["features"]


def test_customary_limits_are_named() -> None:
    """Of predictions only: the reference has too few periods of them, until it has three."""
    few, enough = (replace(drift(), score_periods=count) for count in (2, 3))
    reason = reasons(decide(PROBLEM, replace(GOOD, drift=few)))["predictions"]
    assert "a customary limit: the reference has predictions of 2 periods" in reason
    learned = reasons(decide(PROBLEM, replace(GOOD, drift=enough)))["predictions"]
    assert "customary" not in learned


def test_new_columns_are_mentioned() -> None:
    """They are no reason to act."""
    found = decide(PROBLEM, replace(GOOD, new=["mood"]))
    assert found.level == "ok"
    assert any("'mood'" in one.reason for one in found.rules)


def test_a_fall_expected_without_outcomes_is_watched() -> None:
    """Before any outcome is known."""
    found = decide(PROBLEM, replace(GOOD, expected={"auc": figure(0.6)}, realized=None))
    assert (found.level, found.action) == ("watch", "look")
    assert rule(found, "expected AUC") == "watch"
