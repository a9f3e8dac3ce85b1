"""Policies compared over the same days."""

from dataclasses import replace

import numpy as np
import pytest

from longhaul.backtest.comparison import compare
from longhaul.backtest.counts import PredictionCounts
from longhaul.backtest.days import Days
from longhaul.backtest.policies import NOTHING
from longhaul.backtest.results import PolicyResult
from longhaul.backtest.table import name_metrics, policy_rows
from tests import tables
from tests.monitoring import monitored

FRAME = tables.churn(rows_per_month=400, seed=3)
MONTH = FRAME["day"].dt.strftime("%Y-%m")


def days(period: str) -> Days:
    """Sum up one month."""
    counts = PredictionCounts.of(monitored.batch(FRAME[period == MONTH]))
    return Days.of(counts, monitored.problem().costs)


def result(name: str, *periods: Days) -> PolicyResult:
    """A result of so many periods."""
    return PolicyResult(replace(NOTHING, name=name), "1 day", [], list(periods))


def test_a_policy_does_not_differ_from_itself() -> None:
    """Paired: nothing, without any doubt; its own figures are as unsure as days are few."""
    months = [days("2020-07"), days("2020-08")]
    _, compared = compare([result("first", *months), result("same", *months)], 0.95)
    for value, difference in compared.values():
        assert (difference.value, difference.low, difference.high) == (0, 0, 0)
        assert value.low < value.value < value.high


def test_a_period_of_one_day_has_an_interval_too() -> None:
    """Days are drawn from all periods together: so periods may be days."""
    month = days("2020-07")
    single = [
        Days(*(getattr(month, name)[[place]] for name in Days.__dataclass_fields__))
        for place in range(len(month.rows))
    ]
    other = [replace(day, losses=day.losses * 1.1) for day in single]
    _, compared = compare([result("first", *single), result("other", *other)], 0.95)
    _, difference = compared["log_loss"]
    assert 0 < difference.low < difference.high


def test_savings_are_costs_that_are_not_paid() -> None:
    """Per thousand rows, and over all of them; the bounds change places."""
    month = days("2020-07")
    cheaper = replace(month, costs=month.costs * 0.9)
    _, row = policy_rows([result("first", month), result("cheaper", cheaper)], 0.95)
    paid, rows = month.costs.sum(), month.rows.sum()
    assert row["total_saving"]["value"] == pytest.approx(0.1 * paid)
    assert row["saving"]["value"] == pytest.approx(100 * paid / rows)
    assert row["saving"]["low"] == pytest.approx(-1000 * row["cost_difference"]["high"])
    assert row["saving"]["low"] < row["saving"]["value"] < row["saving"]["high"]


def test_metrics_are_named_by_policy_and_lag() -> None:
    """MLflow groups by what is before the last slash."""
    month = days("2020-07")
    first, _ = policy_rows([result("one, and two", month), result("b", month)], 0.95)
    names = name_metrics(first)
    assert "one_and_two/1_day/log_loss" in names
    assert {name.rpartition("/")[2] for name in names} == {
        *("log_loss", "auc", "cost", "saving"),
        *("trained", "looked", "promoted", "corrected", "seconds"),
    }


@pytest.mark.slow
def test_the_interval_of_a_difference_is_that_of_days() -> None:
    """Losses that differ by a constant a day, whose mean is known: the interval holds it."""
    generator = np.random.default_rng(0)
    hits, base = 0, days("2020-07")
    for _ in range(300):
        shift = generator.normal(0.1, 0.3, len(base.rows))
        other = replace(base, losses=base.losses + shift * base.rows)
        _, compared = compare([result("base", base), result("other", other)], 0.9)
        _, difference = compared["log_loss"]
        hits += difference.low <= 0.1 <= difference.high
    assert 255 <= hits <= 285
