"""False alarms and detection where the truth is known: few rows, and rows that hang together."""

import numpy as np
import pandas as pd
import pytest

from longhaul.estimators.sample import Sample
from longhaul.features.encoder import Encoder
from longhaul.monitoring import reference as references
from longhaul.monitoring.drift import Drift, compare
from longhaul.monitoring.period_counts import PeriodCounts, sketch_frame
from longhaul.monitoring.reference import Reference
from longhaul.problem import Target

RATE, TRIALS = 0.05, 60


def mixed(generator: np.random.Generator, rows: int) -> pd.DataFrame:
    """Numbers with long tails, with zeros and with gaps; categories with rare levels."""
    share = 1 / np.arange(1, 31) ** 1.5
    levels = [f"level {place}" for place in range(30)]
    return pd.DataFrame(
        {
            "normal": generator.normal(size=rows),
            "long": generator.lognormal(0, 1.5, rows),
            "rain": generator.exponential(size=rows) * (generator.uniform(size=rows) < 0.1),
            "gaps": np.where(
                generator.uniform(size=rows) < 0.15, np.nan, generator.poisson(3, rows)
            ),
            "two": generator.choice(["x", "y"], rows, p=[0.85, 0.15]),
            "many": generator.choice(levels, rows, p=share / share.sum()),
        }
    )


def dependent(generator: np.random.Generator, days: int, rows: int = 30) -> pd.DataFrame:
    """A period whose weather has an effect of its own, and one for each of its days.

    Storms come on few days, a level of a category on few days too.
    """
    day = np.repeat(np.arange(days), rows)
    period, daily = generator.normal(0, 0.7), generator.normal(0, 0.7, days)
    storm = generator.exponential(size=days) * (generator.uniform(size=days) < 0.15)
    calendar = generator.integers(0, 40, days)
    return pd.DataFrame(
        {
            "weather": period + daily[day] + generator.normal(0, 0.5, len(day)),
            "storm": storm[day],
            "event": [f"event {calendar[place]}" for place in day],
            "noise": generator.normal(size=len(day)),
        }
    )


def refer(frames: list[pd.DataFrame], generator: np.random.Generator) -> tuple[Encoder, Reference]:
    """A reference of these periods, with predictions of chance."""
    labels = [f"2013-W{week:02d}" for week in range(1, len(frames) + 1)]
    frame = pd.concat(frames, ignore_index=True)
    period = np.repeat(labels, [len(part) for part in frames])
    probability = generator.beta(2, 5, len(frame))
    outcome = generator.uniform(size=len(frame)) < probability
    encoder = Encoder.fit(frame, list(frame.columns))
    columns = {"probability": probability, "decision": probability > 0.5}
    return encoder, Reference(
        **references.fit(frame, Sample(encoder.transform(frame), outcome), period, encoder, 50),
        **references.fit_scores(
            Target("outcome"), outcome, columns, 50, np.arange(len(outcome)).astype(str)
        ),
        importance=dict.fromkeys(frame.columns, 0.2),
    )


def judge(
    encoder: Encoder, reference: Reference, frame: pd.DataFrame, generator: np.random.Generator
) -> Drift:
    sketch = sketch_frame(frame, encoder.transform(frame), encoder, reference.bins)
    probability = generator.beta(2, 5, len(frame)).astype(np.float32)
    scores = reference.scores.histogram(probability)
    return compare(reference, PeriodCounts.of(sketch), scores, RATE, "2013-W40")


@pytest.mark.slow
@pytest.mark.parametrize(("periods", "rows"), [(1, 10), (2, 30), (2, 100)])
@pytest.mark.parametrize("past", [30, 1000])
def test_tiny_periods_of_few_references(periods: int, rows: int, past: int) -> None:
    """At most 5% alarm where limits are customary, whatever the number of rows on either side."""
    alarms = 0
    for seed in range(TRIALS):
        generator = np.random.default_rng([seed, periods, rows, past])
        frames = [mixed(generator, past) for _ in range(periods)]
        drift = judge(*refer(frames, generator), mixed(generator, rows), generator)
        alarms += bool(drift.drifted) or drift.scores.drifted or drift.repeated.drifted
    assert alarms <= 0.05 * TRIALS


@pytest.mark.slow
@pytest.mark.parametrize("periods", [3, 5, 12])
def test_periods_and_days_with_effects(periods: int) -> None:
    """At most 5% alarm though rows of a day hang together, and records and storms are to come."""
    alarms = 0
    for seed in range(TRIALS):
        generator = np.random.default_rng([seed, periods])
        frames = [dependent(generator, 7) for _ in range(periods)]
        drift = judge(*refer(frames, generator), dependent(generator, 7), generator)
        alarms += bool(drift.drifted)
    assert alarms <= 0.05 * TRIALS


@pytest.mark.slow
@pytest.mark.parametrize("periods", [5, 12])
def test_a_shift_is_told_all_the_same(periods: int) -> None:
    """Half a standard deviation of a column without effects of its own, among such that have."""
    hits = 0
    for seed in range(40):
        generator = np.random.default_rng([seed, periods])
        frames = [dependent(generator, 7, 150) for _ in range(periods)]
        after = dependent(generator, 7, 150)
        moved = after.assign(noise=after["noise"] + 0.5)
        drift = judge(*refer(frames, generator), moved, generator)
        hits += "noise" in [column.name for column in drift.drifted]
    assert hits >= 38


def test_a_period_of_its_own_kind_is_no_alarm_and_a_moved_one_is() -> None:
    """One of each, among periods and days with effects of their own."""
    generator = np.random.default_rng(1)
    encoder, reference = refer([dependent(generator, 7, 150) for _ in range(5)], generator)
    after = dependent(generator, 7, 150)
    assert not judge(encoder, reference, after, generator).drifted
    moved = after.assign(noise=after["noise"] + 0.5)
    drift = judge(encoder, reference, moved, generator)
    assert [column.name for column in drift.drifted] == ["noise"]


def test_values_far_out_of_range_are_told() -> None:
    """A code for missing in 3% of rows, and a category never seen in 3%, among five periods."""
    generator = np.random.default_rng(0)
    encoder, reference = refer([mixed(generator, 1000) for _ in range(5)], generator)
    after = mixed(generator, 1000)
    after.loc[:29, "normal"] = -60.0
    after.loc[:29, "two"] = "z"
    drift = judge(encoder, reference, after, generator)
    assert {column.name for column in drift.drifted} == {"normal", "two"}
    for column in drift.drifted:
        (outside,) = (one for one in column.measures if one.name == "out_of_range")
        assert outside.value > outside.limit
