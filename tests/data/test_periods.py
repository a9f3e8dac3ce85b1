"""Labels of periods sort as time does, and say where a period ends."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.data import periods

LENGTHS = ["hour", "day", "week", "month", "quarter", "year"]
TIMES = st.lists(
    st.datetimes(pd.Timestamp("1971-01-01"), pd.Timestamp("2069-12-31")), min_size=1, max_size=20
)


@pytest.mark.parametrize(
    ("label", "middle", "length", "weekday"),
    [
        ("2013-06-08T05", "2013-06-08 05:30", "hour", ""),
        ("2013-06-08", "2013-06-08 12:00", "day", "Saturday"),
        ("2013-W01", "2013-01-03 12:00", "week", ""),
        ("2013-02", "2013-02-15", "month", ""),
        ("2013-Q1", "2013-02-15", "quarter", ""),
        ("2013", "2013-07-02 12:00", "year", ""),
        ("batch-0001", "1970-01-02 12:00", "batch", ""),
    ],
)
def test_what_a_label_tells(label: str, middle: str, length: str, weekday: str) -> None:
    """Its middle, its length, and of a day which one of the week."""
    assert periods.middle(label) == pd.Timestamp(middle)
    assert periods.length_of(label) == length
    assert periods.weekday(label) == weekday
    assert periods.length_of("sometime") == ""


@pytest.mark.parametrize(
    ("length", "label", "step", "end"),
    [
        ("hour", "2013-12-31T23", 2013123123, "2014-01-01"),
        ("day", "2013-12-31", 20131231, "2014-01-01"),
        ("week", "2014-W01", 201401, "2014-01-06"),
        ("month", "2013-12", 201312, "2014-01-01"),
        ("quarter", "2013-Q4", 20134, "2014-01-01"),
        ("year", "2013", 2013, "2014-01-01"),
    ],
)
def test_new_years_eve(length: periods.Length, label: str, step: int, end: str) -> None:
    """A day whose ISO week is of the next year, in every length of period."""
    assert periods.labels(pd.Series([pd.Timestamp("2013-12-31 23:59")]), length)[0] == label
    assert periods.step(label) == step
    assert periods.end(label) == pd.Timestamp(end)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_label_is_of_one_length_only(length: periods.Length) -> None:
    """What one length writes is no label of another, nor is what only looks like a label."""
    label = periods.example(length)
    assert [other for other in LENGTHS if periods.is_label(label, other)] == [length]
    for text in ("", "now", "2013-13", "2013-1", "2013-02-30", "2013-W54", "2013-Q5", "13"):
        assert not periods.is_label(text, length), text


@given(TIMES, st.sampled_from(LENGTHS))
def test_labels_and_steps_sort_as_time_does(times: list, length: periods.Length) -> None:
    """An earlier time never has a later label or a higher step."""
    labels = periods.labels(pd.Series(sorted(times)), length).tolist()
    assert labels == sorted(labels)
    assert [periods.step(one) for one in labels] == sorted(map(periods.step, labels))


@given(TIMES, st.sampled_from(LENGTHS))
def test_every_time_is_before_the_end_of_its_period(times: list, length: periods.Length) -> None:
    """And the moment a period ends is the first of another one."""
    for time, label in zip(times, periods.labels(pd.Series(times), length), strict=True):
        end = periods.end(label)
        assert time < end
        assert periods.labels(pd.Series([end]), length)[0] > label
