"""Periods that the reference has nothing to compare with."""

import pytest

from longhaul.monitoring.comparability import explain_incomparable

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
