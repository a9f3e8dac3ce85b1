"""Periods that the reference has nothing to compare with."""

import pytest

from longhaul.data import periods
from longhaul.monitoring.comparability import explain_incomparable, explain_partial

WORKDAYS = [f"2013-06-{day:02d}" for day in range(3, 8)]  # Monday to Friday


@pytest.mark.parametrize(
    ("labels", "label", "words"),
    [
        (WORKDAYS, "2013-06-08", "Saturday"),
        (["2013-01", "2013-02"], "2013-W27", "is a week, the reference has months"),
        (["2013-W01"], "2013-06-03", "is a day, the reference has weeks"),
        (["2013"], "2013-Q1", "is a quarter, the reference has years"),
    ],
)
def test_what_cannot_be_compared(labels: list[str], label: str, words: str) -> None:
    """Another day of the week, or another length: named."""
    assert words in explain_incomparable(labels, label)


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        (WORKDAYS, "2013-06-10"),
        (["2013-01", "2013-02"], "2014-07"),
        (["batch-0001"], "batch-0007"),
        (WORKDAYS, ""),
        (["a", "b"], "2013-06-08"),
        (["2013-01"], "nowhere"),
    ],
)
def test_what_can(labels: list[str], label: str) -> None:
    """The same day and length; and what has no label that tells is compared as ever."""
    assert explain_incomparable(labels, label) == ""


MONTHS = {"2013-01": 31, "2013-02": 28, "2013-03": 30}
WORKDAY_MONTHS = {"2013-01": 23, "2013-02": 20, "2013-03": 21}


@pytest.mark.parametrize(
    ("covered", "label", "days", "words"),
    [
        (MONTHS, "2013-04", 15, "on 15 of its 30 days, the reference's months on at least 97%"),
        (MONTHS, "2013-04", 26, "on 26 of its 30 days"),
        (WORKDAY_MONTHS, "2013-04", 11, "on at least 68%"),
        ({"2013-W01": 7, "2013-W02": 7}, "2013-W30", 5, "on 5 of its 7 days"),
        ({"2013-Q1": 90}, "2013-Q2", 60, "on 60 of its 91 days"),
    ],
)
def test_part_of_a_period(covered: dict[str, int], label: str, days: int, words: str) -> None:
    """The first half of a month, though it has every day of the week, is named."""
    assert words in explain_partial(covered, label, days)


@pytest.mark.parametrize(
    ("covered", "label", "days"),
    [
        (MONTHS, "2013-04", 30),
        (MONTHS, "2013-04", 27),
        (WORKDAY_MONTHS, "2013-06", 20),
        ({"2013-01": 31, "2013-02": 10}, "2013-04", 15),
        (MONTHS, "2013-04", 0),
        ({**MONTHS, "2013-01": 0}, "2013-04", 15),
        ({}, "2013-04", 15),
        (MONTHS, "", 15),
        ({"2013-06-03": 1}, "2013-06-04", 1),
        ({"batch-0001": 30}, "batch-0002", 3),
        ({"a": 30}, "2013-04", 3),
    ],
)
def test_all_of_a_period(covered: dict[str, int], label: str, days: int) -> None:
    """A day or two without rows, days off, and what no count tells, are as ever."""
    assert explain_partial(covered, label, days) == ""


@pytest.mark.parametrize(
    ("label", "days"),
    [("2013-02", 28), ("2012-02", 29), ("2013", 365), ("2013-Q1", 90), ("2013-W01", 7)],
)
def test_days_of_a_period(label: str, days: int) -> None:
    """As the calendar has them."""
    assert periods.day_count(label) == days
    assert periods.day_count("2013-06-08") == periods.day_count("batch-0007") == 1
