"""What has moved, and what only varies as it always did."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from longhaul.monitoring import bins, drift
from longhaul.monitoring.bins import Bins, Histogram
from longhaul.monitoring.drift import compare
from longhaul.monitoring.period_counts import PeriodCounts
from longhaul.monitoring.reference import Reference
from longhaul.monitoring.thresholds import DEFAULT_THRESHOLDS, MIN_EFFECT
from tests.monitoring import monitored

RATE = 0.05


def number(name: str) -> Bins:
    sample = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    return bins.of_number(name, name, sample, 50)


def counted(columns: dict[str, np.ndarray], found: dict[str, Bins]) -> PeriodCounts:
    histograms = {
        name: found[name].histogram(values.astype(np.float32)) for name, values in columns.items()
    }
    return PeriodCounts(len(next(iter(columns.values()))), histograms, 0.0)


def world(centres: list[float], rows: int = 2000, columns: int = 3, seed: int = 0):
    """A reference whose periods lie around these centres in column a; and how to draw another."""
    generator = np.random.default_rng(seed)
    found = {name: number(name) for name in "abcdefghijkl"[:columns]}

    def draw(centre: float, spread: float = 1.0, rows: int = rows) -> PeriodCounts:
        values = {name: generator.normal(size=rows) for name in found}
        values["a"] = centre + spread * values["a"]
        return counted(values, found)

    kept = monitored.reference()
    periods = {f"2020-{i:02d}": draw(centre) for i, centre in enumerate(centres, 1)}
    importance = dict.fromkeys(found, 1 / columns)
    reference = replace(kept, bins=tuple(found.values()), periods=periods, importance=importance)
    return reference, draw


def judge(reference: Reference, period: PeriodCounts) -> drift.Drift:
    return compare(reference, period, reference.score_histogram, RATE)


def test_what_varies_between_periods_is_no_drift() -> None:
    """A shift that is large for one column is usual for another."""
    calm, draw = world([0, 0, 0, 0, 0, 0])
    assert [one.name for one in judge(calm, draw(0.6)).drifted] == ["a"]
    restless, draw = world([-0.8, 0.9, -0.5, 0.7, 0.2, -0.9])
    assert judge(restless, draw(0.6)).drifted == []


@pytest.mark.slow
def test_false_alarms_are_held() -> None:
    """Of 400 periods whose columns vary as the reference's, at most 5% are said to drift."""
    alarms = 0
    for seed in range(400):
        generator = np.random.default_rng(seed)
        reference, draw = world(generator.normal(0, 0.5, 5).tolist(), 400, seed=seed)
        alarms += bool(judge(reference, draw(generator.normal(0, 0.5))).drifted)
    assert alarms <= 20


def test_the_smallest_reference_rejects_at_its_rate() -> None:
    """A lone number per period: the divided distance is the absolute t variate it is said to be."""
    generator = np.random.default_rng(0)
    draws = generator.normal(size=(20_000, 6))
    past, new = draws[:, :5], draws[:, 5]
    others = (past.sum(1, keepdims=True) - past) / 4
    usual = np.sqrt(((past - others) ** 2).mean(1))
    ratio = np.abs(new - past.mean(1)) / (usual * np.sqrt(1 - 1 / 25))
    for level in (0.2, 0.05, 0.01):
        assert (ratio > t.isf(level / 2, 4)).mean() == pytest.approx(level, rel=0.12)


@pytest.mark.parametrize("rows", [60, 200, 2000])
def test_few_rows_are_no_drift(rows: int) -> None:
    """Chance alone moves a small sample far; its own size is reckoned with."""
    reference, draw = world([0.0] * 5)
    alarms = sum(bool(judge(reference, draw(0.0, rows=rows)).drifted) for _ in range(40))
    assert alarms <= 3


def test_what_is_negligible_never_counts() -> None:
    """However sure it is."""
    reference, draw = world([0.0] * 6, rows=100_000)
    assert judge(reference, draw(0.03, rows=100_000)).drifted == []


@pytest.mark.parametrize("count", [1, 2])
def test_few_periods_have_customary_limits(count: int) -> None:
    """There is nothing to learn from; a large move is still seen."""
    reference, draw = world([0.0] * count)
    same, moved = judge(reference, draw(0.0)), judge(reference, draw(0.7))
    assert not same.learned
    assert same.drifted == []
    assert [one.name for one in moved.drifted] == ["a"]
    measures = {one.name: one.limit for one in moved.drifted[0].measures}
    assert measures["ks"] == DEFAULT_THRESHOLDS["ks"]


def test_importance_decides_the_order() -> None:
    """Of two that drifted alike, the one that matters to the model comes first."""
    reference, draw = world([0.0] * 6)
    a, b = draw(2.0), draw(2.0)
    both = PeriodCounts(a.rows, {**a.histograms, "b": b.histograms["a"]}, 0.0)
    for first, second in (("a", "b"), ("b", "a")):
        weighed = replace(reference, importance={first: 0.9, second: 0.1})
        assert [one.name for one in judge(weighed, both).drifted] == [first, second]


def test_missing_values_are_drift() -> None:
    """A sensor that breaks in one row of ten, all else as it was; and where none was missing."""
    reference, draw = world([0.0] * 6)
    period = draw(0.0)
    histogram = period.histograms["b"]
    fewer = Histogram(histogram.counts, histogram.sums, missing=histogram.present // 9)
    found = judge(reference, PeriodCounts(period.rows, {**period.histograms, "b": fewer}, 0.0))
    assert [(one.name, one.cause.name) for one in found.drifted] == [("b", "missing")]


def test_a_column_without_values_is_far_away() -> None:
    """All missing: its distance is one, though no values can be compared."""
    reference, draw = world([0.0] * 6)
    period = draw(0.0)
    nothing = np.zeros_like(period.histograms["b"].counts)
    empty = Histogram(nothing, np.zeros(50), missing=period.rows)
    emptied = PeriodCounts(period.rows, {**period.histograms, "b": empty}, 0.0)
    (column,) = judge(reference, emptied).drifted
    assert column.name == "b"
    assert column.distance == 1


def test_volume_and_repeated_rows() -> None:
    """Ten times the rows, or half of them twice, are told; the columns are not blamed."""
    reference, draw = world([0.0] * 6)
    more = judge(reference, draw(0.0, rows=20_000))
    assert more.volume.drifted
    assert more.drifted == []
    twice = judge(reference, replace(draw(0.0), repeated=0.5))
    assert twice.repeated.drifted
    assert not judge(reference, draw(0.0)).repeated.drifted


def test_a_column_may_be_called_volume() -> None:
    """The number of rows is another thing."""
    reference, draw = world([0.0] * 6)
    named = replace(reference.bins[1], name="volume", feature="volume")
    renamed = replace(
        reference,
        bins=(reference.bins[0], named, reference.bins[2]),
        periods={label: called(one) for label, one in reference.periods.items()},
    )
    found = judge(renamed, called(draw(0.0, rows=20_000)))
    assert found.volume.drifted
    assert found.drifted == []


def called(period: PeriodCounts) -> PeriodCounts:
    histograms = dict(period.histograms)
    histograms["volume"] = histograms.pop("b")
    return replace(period, histograms=histograms)


def with_scores(reference: Reference, means: list[float], rows: int = 1000) -> Reference:
    """The reference with predictions of periods that lie around these means."""
    generator = np.random.default_rng(0)
    return replace(
        reference,
        score_periods={
            f"2020-{month:02d}": scored(reference, mean, generator, rows)
            for month, mean in enumerate(means, 1)
        },
    )


def scored(
    reference: Reference, mean: float, generator: np.random.Generator, rows: int = 1000
) -> Histogram:
    """Predictions around a mean."""
    values = np.clip(generator.normal(mean, 0.1, rows), 0, 1).astype(np.float32)
    return reference.scores.histogram(values)


def test_predictions_are_held_to_what_they_vary_by() -> None:
    """A move that is usual for one model is drift for another."""
    reference, draw = world([0.0] * 6)
    generator = np.random.default_rng(1)
    calm = with_scores(reference, [0.3, 0.305, 0.3, 0.295, 0.3, 0.3])
    restless = with_scores(reference, [0.3, 0.4, 0.22, 0.38, 0.25, 0.3])
    moved = scored(reference, 0.4, generator)
    assert compare(calm, draw(0.0), moved, RATE).scores.drifted
    assert not compare(restless, draw(0.0), moved, RATE).scores.drifted
    assert not compare(calm, draw(0.0), scored(reference, 0.3, generator), RATE).scores.drifted


@pytest.mark.slow
def test_false_alarms_of_predictions_are_held() -> None:
    """Of 400 periods whose predictions vary as the reference's, at most 5% are said to drift."""
    reference, draw = world([0.0] * 6)
    alarms, period = 0, draw(0.0)
    for seed in range(400):
        generator = np.random.default_rng(seed)
        *past, new = generator.normal(0.4, 0.05, 6).tolist()
        varied = with_scores(reference, past, 300)
        judged = compare(varied, period, scored(reference, new, generator, 300), RATE)
        alarms += judged.scores.drifted
    assert alarms <= 20


@pytest.mark.parametrize("count", [0, 2])
def test_predictions_of_few_periods_drift_by_customary_limits(count: int) -> None:
    """Against those on validation; how many periods there are is said."""
    kept, draw = world([0.0] * 6)
    reference = with_scores(kept, [0.3] * count)
    assert compare(reference, draw(0.0), reference.score_histogram, RATE).score_periods == count
    assert not compare(reference, draw(0.0), reference.score_histogram, RATE).scores.drifted
    sure = reference.scores.histogram(np.full(500, 0.99, dtype=np.float32))
    assert compare(reference, draw(0.0), sure, RATE).scores.drifted


def test_a_trend_is_followed() -> None:
    """A mean that rises steadily is where the line leads, and no drift; off the line it is."""
    reference, draw = world([0.0, 0.4, 0.8, 1.2, 1.6, 2.0])
    found = compare(reference, draw(2.4), reference.score_histogram, RATE, "2020-07")
    assert found.drifted == []
    assert [one.name for one in found.columns if one.trend] == ["a"]
    off = compare(reference, draw(8.0), reference.score_histogram, RATE, "2020-07")
    assert [one.name for one in off.drifted] == ["a"]
    assert not any(one.trend for one in off.columns)


def test_missing_values_follow_no_trend() -> None:
    """A column that is where its trend leads may still have lost values."""
    reference, draw = world([0.0, 0.4, 0.8, 1.2, 1.6, 2.0])
    period = draw(2.4)
    histogram = period.histograms["a"]
    fewer = replace(histogram, missing=histogram.present // 4)
    lost = replace(period, histograms={**period.histograms, "a": fewer})
    found = compare(reference, lost, reference.score_histogram, RATE, "2020-07")
    assert [(one.name, one.cause.name) for one in found.drifted] == [("a", "missing")]


def test_a_saturday_is_no_drift_of_workdays() -> None:
    """Nothing of it is called drift, and the reason is there; a Monday is judged as ever."""
    kept, draw = world([0.0] * 5)
    days = {f"2013-06-{day:02d}": one for day, one in enumerate(kept.periods.values(), 3)}
    reference = replace(kept, periods=days)
    sure = reference.scores.histogram(np.full(500, 0.99, dtype=np.float32))
    weekend = compare(reference, draw(3.0, rows=100), sure, RATE, "2013-06-08")
    assert "Saturday" in weekend.incomparable
    judged = (*weekend.columns, weekend.scores, weekend.volume, weekend.repeated)
    assert not any(one.drifted for one in judged)
    monday = compare(reference, draw(3.0), sure, RATE, "2013-06-10")
    assert monday.incomparable == ""
    assert [one.name for one in monday.drifted] == ["a"]
    assert monday.scores.drifted


def test_half_a_month_is_no_drift_of_months() -> None:
    """Of its rows nothing is called drift but their number; all of the month is judged as ever."""
    kept, draw = world([0.0] * 6)
    months = {name: replace(counts, days=29) for name, counts in kept.periods.items()}
    reference = replace(kept, periods=months)
    sure = reference.scores.histogram(np.full(500, 0.99, dtype=np.float32))
    half = compare(reference, replace(draw(3.0, rows=900), days=15), sure, RATE, "2020-07")
    assert "on 15 of its 31 days" in half.partial
    assert half.incomparable == ""
    assert not any(one.drifted for one in (*half.columns, half.scores, half.repeated))
    assert half.volume.drifted
    whole = compare(reference, replace(draw(3.0), days=31), sure, RATE, "2020-07")
    assert whole.partial == ""
    assert [one.name for one in whole.drifted] == ["a"]


def test_only_a_column_without_any_value_is_empty() -> None:
    """Far away with hardly any value is far away; missing as often as before is as before."""
    reference, draw = world([0.0] * 6)
    period = draw(50.0)
    full = period.histograms["a"]
    few = replace(full, missing=full.present // 24)
    distant = replace(period, histograms={**period.histograms, "a": few})
    (column,) = judge(reference, distant).drifted
    assert column.distance > 0.999
    assert not column.empty
    nothing = Histogram(np.zeros_like(full.counts), np.zeros_like(full.sums), missing=2000)
    emptied = replace(period, histograms={**period.histograms, "a": nothing})
    assert [one.name for one in judge(reference, emptied).columns if one.empty] == ["a"]
    assert not any(one.empty for one in judge(sometimes_empty(reference, nothing), emptied).columns)


def sometimes_empty(reference: Reference, nothing: Histogram) -> Reference:
    """The reference, without a value of column a in its first period."""
    (label, first), *others = reference.periods.items()
    emptied = replace(first, histograms={**first.histograms, "a": nothing})
    return replace(reference, periods={label: emptied, **dict(others)})


def test_every_measure_has_its_floor_and_its_custom() -> None:
    """No measure is without either."""
    used = {name for names in drift.MEASURES.values() for name in names} | {"volume", "repeated"}
    assert used == set(MIN_EFFECT) == set(DEFAULT_THRESHOLDS)


def test_limits_are_what_decides_alone() -> None:
    """Where one measure alone stands out, it has drifted exactly beyond its limit."""
    reference, draw = world([0.0] * 6)
    for shift in np.linspace(0.05, 0.5, 12):
        column = next(c for c in judge(reference, draw(shift)).columns if c.name == "a")
        beyond = any(one.value > one.limit for one in column.measures)
        assert column.drifted or not beyond
