"""The gate lets through what is proven, and nothing else."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.evaluation.gate import ChampionComparison, GateEvidence, judge
from longhaul.evaluation.intervals import Interval
from longhaul.problem import Gate
from longhaul.tasks import binary

GATE = Gate(min_rows=1000, min_auc=0.7, max_calibration_error=0.1, margin=0.001)
WINDOWS = {"fit": ["2024-01", "2024-03"], "valid": ["2024-03", "2024-03"]}
GOOD = GateEvidence(
    rows=1000,
    positives=300,
    window=["2024-04", "2024-04"],
    windows=WINDOWS,
    metrics={name: Interval(0.75, 0.7, 0.8) for name in binary.metrics}
    | {"calibration_error": Interval(0.05, 0.04, 0.06)},
    clusters=30,
    unit="days",
)
RIVAL = ChampionComparison(WINDOWS, Interval(0.02, 0.01, 0.03))


def refusals(evidence: GateEvidence) -> list[str]:
    return [check.name for check in judge(GATE, evidence).checks if not check.passed]


def with_auc(value: float) -> GateEvidence:
    return replace(GOOD, metrics={**GOOD.metrics, "auc": Interval(value, value, value)})


def test_the_first_candidate_needs_no_champion() -> None:
    """Absolute limits alone decide, and the verdict says so."""
    verdict = judge(GATE, GOOD)
    assert verdict.passed
    assert verdict.checks[-1].reason == "there is no champion yet: absolute limits alone decide"


def test_a_better_candidate_passes() -> None:
    """Better by more than the margin at the lower bound."""
    verdict = judge(GATE, replace(GOOD, champion=RIVAL))
    assert verdict.passed
    assert verdict.refusal == ""
    assert {check.name for check in verdict.checks} >= {
        "unseen by champion",
        "better than champion",
    }


def compared(low: float, high: float, look: int = 1) -> GateEvidence:
    """Evidence with an interval of the gain over the champion."""
    gain = Interval((low + high) / 2, low, high)
    return replace(GOOD, champion=replace(RIVAL, improvement=gain, raw=gain, look=look))


@pytest.mark.parametrize("low", [-0.01, 0.0, 0.001])
def test_no_winner_by_noise(low: float) -> None:
    """A lower bound that does not exceed the margin is not enough, however good the middle."""
    assert refusals(compared(low, 0.05)) == ["better than champion"]


@pytest.mark.parametrize(
    ("low", "high", "look", "outcome"),
    [
        (0.002, 0.03, 1, "promote"),
        (0.001, 0.03, 1, "undecided"),
        (-0.02, 0.03, 2, "undecided"),
        (-0.02, 0.03, 3, "refuse"),
        (0.002, 0.03, 3, "promote"),
        (-0.02, 0.001, 1, "refuse"),
        (-0.02, 0.0, 1, "refuse"),
    ],
)
def test_three_answers(low: float, high: float, look: int, outcome: str) -> None:
    """A bound decides; between the bounds the looks go on until they are used up."""
    assert judge(GATE, compared(low, high, look)).outcome == outcome


def test_a_limit_that_is_missed_is_no_doubt() -> None:
    """Undecided only where nothing else stands in the way; the reasons are all there."""
    verdict = judge(GATE, replace(compared(-0.02, 0.03), rows=10, positives=3))
    assert verdict.outcome == "refuse"
    assert verdict.refusal.startswith("10 test rows, but 1,000 are needed; log loss lower than")


def test_a_later_look_without_data_is_no_refusal() -> None:
    """A month whose rows did not come says nothing about a model; at the last look, it is over."""
    for look, outcome in ((1, "refuse"), (2, "undecided"), (3, "refuse")):
        evidence = replace(compared(-0.02, 0.03, look), rows=10, positives=3, clusters=2)
        assert judge(GATE, evidence).outcome == outcome


def test_few_clusters_are_insufficient_data() -> None:
    """Unit and count are named; that there are no bounds is not said on top."""
    metrics = {
        name: Interval(interval.value, float("nan"), float("nan"))
        for name, interval in GOOD.metrics.items()
    }
    verdict = judge(GATE, replace(GOOD, clusters=9, metrics=metrics))
    assert verdict.refusal == "insufficient data: 9 days, but 10 are needed"


def test_the_gain_is_shown_both_ways() -> None:
    """Two classes: recalibrated and as predicted; others: as predicted."""
    (reason,) = [c.reason for c in judge(GATE, compared(0.01, 0.03)).checks if "better" in c.name]
    assert reason == (
        "log loss lower than the champion's by +0.0200 [+0.0100, +0.0300] over 30 days, both"
        " recalibrated; +0.0200 [+0.0100, +0.0300] as predicted"
    )
    (reason,) = [
        c.reason for c in judge(GATE, replace(GOOD, champion=RIVAL)).checks if "better" in c.name
    ]
    assert reason.endswith("over 30 days, as predicted")


def test_calibration_is_judged_debiased() -> None:
    """The reason says so."""
    reasons = [check.reason for check in judge(GATE, GOOD).checks]
    assert "debiased calibration error 0.0500 is at most 0.1" in reasons


@pytest.mark.parametrize(
    ("evidence", "name"),
    [
        (replace(GOOD, rows=999), "test rows"),
        (replace(GOOD, clusters=9), "days"),
        (replace(GOOD, positives=0), "both classes"),
        (replace(GOOD, positives=1000), "both classes"),
        (with_auc(0.69), "AUC"),
        (
            replace(GOOD, metrics={**GOOD.metrics, "calibration_error": Interval(0.11, 0.1, 0.12)}),
            "calibration error",
        ),
        (replace(GOOD, window=["2024-03", "2024-04"]), "unseen by candidate"),
        (replace(GOOD, windows={"fit": ["2024-01", "2024-03"]}), "unseen by candidate"),
        (replace(GOOD, windows={**WINDOWS, "more": ["2024-04", "2024-05"]}), "unseen by candidate"),
        (replace(GOOD, window=["2024-W14", "2024-W17"]), "unseen by candidate"),
        (
            replace(
                GOOD, champion=replace(RIVAL, windows={**WINDOWS, "fit": ["2024-01", "2024-09"]})
            ),
            "unseen by champion",
        ),
    ],
)
def test_each_reason_to_refuse(evidence: GateEvidence, name: str) -> None:
    """One thing is wrong, and the one check that is about it says so."""
    assert refusals(evidence) == [name]
    assert judge(GATE, evidence).refusal


POOR = {**GOOD.metrics, "auc": Interval(0.65, 0.6, 0.7)}
LOUD = {**GOOD.metrics, "calibration_error": Interval(0.15, 0.1, 0.2)}


@pytest.mark.parametrize(
    ("metrics", "champion", "refused"),
    [
        (POOR, {"auc": 0.64}, []),
        (POOR, {"auc": 0.65}, []),
        (POOR, {"auc": 0.66}, ["AUC"]),
        (POOR, {"auc": 0.75}, ["AUC"]),
        (POOR, {"auc": float("nan")}, ["AUC"]),
        (POOR, {}, ["AUC"]),
        (LOUD, {"calibration_error": 0.16}, []),
        (LOUD, {"calibration_error": 0.14}, ["calibration error"]),
        (LOUD, {"calibration_error": 0.05}, ["calibration error"]),
    ],
)
def test_a_limit_that_the_champion_misses_too(
    metrics: dict[str, Interval], champion: dict[str, float], refused: list[str]
) -> None:
    """Who comes no less near on the same rows is not refused for it; who does, or may, is."""
    rival = replace(RIVAL, metrics=champion)
    assert refusals(replace(GOOD, metrics=metrics, champion=rival)) == refused


def test_limits_themselves_pass() -> None:
    """At least and at most include the limit."""
    assert judge(GATE, with_auc(0.7)).passed


def test_a_missing_metric_is_named() -> None:
    """The reason says which one."""
    rest = {name: interval for name, interval in GOOD.metrics.items() if name != "brier"}
    assert judge(GATE, replace(GOOD, metrics=rest)).refusal == "missing or not finite: Brier score"


def places(evidence: GateEvidence) -> list[tuple[Any, ...]]:
    """The way to every figure and label of some evidence."""
    bounds = ("value", "low", "high")
    found: list[tuple[Any, ...]] = [("rows",), ("positives",), ("clusters",), ("window",)]
    found += [("window", 0), ("window", 1)]
    found += [("windows", name) for name in WINDOWS]
    found += [("windows", name, end) for name in WINDOWS for end in (0, 1)]
    found += [("metrics", name) for name in binary.metrics]
    found += [("metrics", name, bound) for name in binary.metrics for bound in bounds]
    if evidence.champion:
        found += [("champion", "improvement")]
        found += [("champion", "improvement", bound) for bound in bounds]
        found += [("champion", "windows", name) for name in WINDOWS]
    return found


def spoil(evidence: GateEvidence, place: tuple[Any, ...], value: Any) -> GateEvidence:
    """A copy with one figure replaced."""
    spoilt: Any = copy.deepcopy(evidence)
    inner: Any = spoilt
    for step in place[:-1]:
        inner = inner[step] if isinstance(inner, dict | list) else getattr(inner, step)
    if isinstance(inner, dict | list):
        inner[place[-1]] = value
    else:
        object.__setattr__(inner, place[-1], value)
    return spoilt


@given(st.data(), st.sampled_from([None, float("nan"), float("inf"), -float("inf")]))
def test_what_is_not_known_never_passes(data: st.DataObject, value: float | None) -> None:
    """NaN, an infinity or nothing at all, anywhere, with or without a champion: refused."""
    evidence = data.draw(st.sampled_from([GOOD, replace(GOOD, champion=RIVAL)]))
    place = data.draw(st.sampled_from(places(evidence)))
    verdict = judge(GATE, spoil(evidence, place, value))
    assert not verdict.passed
    assert verdict.refusal
