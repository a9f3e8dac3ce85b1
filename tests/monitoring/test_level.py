"""The level from day to day: causal, silent without evidence, and of use where days differ."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from longhaul.monitoring import level
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.level import Shadow
from longhaul.monitoring.scores import UNKNOWN, Scores
from longhaul.problem import Monitoring, Problem
from tests.monitoring import monitored

FIRST = np.datetime64("2020-01-01")


def problem(lag: str = "1 day") -> Problem:
    return replace(monitored.problem(), monitoring=Monitoring(label_lag=lag))


def day(generator: np.random.Generator, rows: int, effect: float, known: bool = True) -> Scores:
    """Predictions of one day, whose outcomes have log-odds that are shifted by `effect`."""
    probability = expit(generator.normal(-1.5, 1.0, rows))
    outcome = (generator.uniform(size=rows) < expit(logit(probability) + effect)).astype(int)
    label = outcome if known else np.full(rows, UNKNOWN)
    return Scores.of(probability, probability >= 0.5, label)


def days(effects: np.ndarray, rows: int, seed: int) -> ClusterCounts[Scores]:
    generator = np.random.default_rng(seed)
    parts = {
        str(FIRST + place): day(generator, rows, effect) for place, effect in enumerate(effects)
    }
    return ClusterCounts(parts)


def autoregressive(count: int, spread: float, memory: float, seed: int) -> np.ndarray:
    """Return day effects of standard deviation `spread`, of which `memory` is left a day later."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(0, spread * np.sqrt(1 - memory**2), count)
    effects = np.zeros(count)
    effects[0] = generator.normal(0, spread)
    for place in range(1, count):
        effects[place] = memory * effects[place - 1] + noise[place]
    return effects


def saved(shadow: Shadow) -> float:
    """Return the log loss a row that the rule has saved; below zero where it did harm."""
    return float(shadow.gains[shadow.used].sum() / shadow.rows.sum())


def shifts(shadow: Shadow) -> dict[str, float]:
    correction = shadow.correction("models:/m/1", 0.5)
    return dict(zip(correction.days, correction.shifts, strict=True))


@settings(max_examples=25, deadline=None)
@given(
    lag=st.integers(1, 7),
    seed=st.integers(0, 10_000),
    cut=st.integers(20, 45),
    gaps=st.sets(st.integers(0, 45), max_size=8),
    unknown=st.sets(st.integers(0, 45), max_size=8),
)
def test_a_day_depends_on_nothing_later(
    lag: int, seed: int, cut: int, gaps: set[int], unknown: set[int]
) -> None:
    """Other outcomes, other predictions, or none later than day - lag: not a bit of it changes."""
    generator = np.random.default_rng(seed)
    parts = {
        str(FIRST + place): day(generator, 30, 1.0, place not in unknown)
        for place in range(46)
        if place not in gaps
    }
    limit = str(FIRST + cut)
    before = {name: part for name, part in parts.items() if name < limit}
    later = {name: day(generator, 20, -2.0) for name in parts if name >= limit}
    declared = problem(f"{lag} days")
    whole = shifts(level.forecast(ClusterCounts(parts), declared, 0.5))
    for other in (ClusterCounts(before), ClusterCounts({**before, **later})):
        changed = shifts(level.forecast(other, declared, 0.5))
        for name, shift in whole.items():
            if name < str(FIRST + cut + lag) and name in changed:
                assert changed[name] == shift, name


def test_the_level_is_found() -> None:
    """With steady days, four of five forecasts are the shift, the fifth is none."""
    shadow = level.forecast(days(np.full(120, 0.5), 400, 0), problem(), 0.5)
    assert shadow.forecasts[-1] == pytest.approx(0.4, abs=0.06)
    assert shadow.used[-30:].all()
    assert len(shadow.days) == 121  # and tomorrow


def test_ten_blocks_first() -> None:
    """However large the level: no day before the outcomes of ten blocks of lag days."""
    for lag in (1, 3):
        shadow = level.forecast(days(np.full(60, 1.0), 200, 1), problem(f"{lag} days"), 0.5)
        # the first forecast is after lag days, and is scored when its outcomes are there
        earliest = lag + (level.MIN_BLOCKS - 1) * lag + lag
        assert not shadow.used[:earliest].any()
        assert shadow.used[earliest]


def test_no_outcome_is_no_forecast() -> None:
    """Nothing at all, or predictions alone: no days, and nothing to correct."""
    generator = np.random.default_rng(0)
    parts = {str(FIRST + place): day(generator, 30, 1.0, known=False) for place in range(30)}
    for counts in (ClusterCounts[Scores](), ClusterCounts(parts)):
        shadow = level.forecast(counts, problem(), 0.5)
        assert shadow.days == ()
        assert not shadow.correction("models:/m/1", 0.5).active


def test_missing_days_are_days() -> None:
    """A gap ages the evidence, and has a forecast of its own."""
    full = days(np.full(60, 1.0), 200, 2)
    holes = ClusterCounts({name: part for name, part in full.parts.items() if name[-1] not in "37"})
    shadow = level.forecast(holes, problem(), 0.5)
    assert len(shadow.days) == 61
    assert np.isfinite(shadow.forecasts[1:]).all()
    assert shadow.used[-10:].all()


def test_without_an_effect_it_costs_next_to_nothing() -> None:
    """Days that do not differ: on average, at most 0.0005 of log loss a row is lost."""
    shadows = [level.forecast(days(np.zeros(120), 150, seed), problem(), 0.5) for seed in range(20)]
    assert np.mean([saved(shadow) for shadow in shadows]) > -0.0005


def test_days_that_differ_and_remember_are_worth_it() -> None:
    """Effects of 0.4 log-odds that fade by half in three days: log loss is saved."""
    gains = []
    for seed in range(10):
        effects = autoregressive(120, 0.4, 0.8, seed)
        gains.append(saved(level.forecast(days(effects, 150, seed + 100), problem(), 0.5)))
    assert np.mean(gains) > 0.001
    assert np.mean(np.array(gains) > 0) >= 0.9


def test_outcomes_a_month_late_leave_it_off() -> None:
    """Ten blocks of a month are not there within half a year."""
    shadow = level.forecast(days(np.full(180, 0.5), 100, 3), problem("31 days"), 0.5)
    assert not shadow.used.any()
