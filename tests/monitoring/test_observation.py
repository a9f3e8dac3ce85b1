"""Counting a period batch by batch."""

import numpy as np
import pandas as pd
import pytest

from tests.monitoring import monitored


def test_batches_count_as_the_whole() -> None:
    """In one batch or in seven: the same counts of columns, scores, slices and repeated rows."""
    frame = monitored.rows(700)
    one, seven = monitored.observation(frame), monitored.observation(frame, parts=7)
    assert one is not None
    assert seven is not None
    assert one.rows == seven.rows == 700
    for name, histogram in one.counts.histograms.items():
        assert histogram.counts.tolist() == seven.counts.histograms[name].counts.tolist()
        assert np.allclose(histogram.sums, seven.counts.histograms[name].sums)
        assert histogram.missing == seven.counts.histograms[name].missing
    assert one.counts.repeated == seven.counts.repeated
    assert (one.scores.counts == seven.scores.counts).all()
    assert one.slices.keys() == seven.slices.keys()
    for key, scores in one.slices.items():
        assert (scores.counts == seven.slices[key].counts).all()


def test_slices_add_up() -> None:
    """Those of a declared column hold every row once."""
    found = monitored.observation(monitored.rows(300))
    assert found is not None
    assert {column for column, _ in found.slices} == {"plan"}
    assert sum(scores.rows for scores in found.slices.values()) == 300


def test_categories_never_seen_are_counted() -> None:
    """Apart from those that were only rare."""
    frame = monitored.rows(200)
    frame.loc[frame.index[:50], "plan"] = "galactic"
    found = monitored.observation(frame, parts=3)
    assert found is not None
    assert found.counts.histograms["plan"].out_of_range == 50


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        (lambda frame: frame.drop(columns="calls"), "calls", "is gone"),
        (lambda frame: frame.assign(calls="many"), "calls", "text instead of numbers"),
        (lambda frame: frame.assign(day=3.0), "day", "numbers instead of times"),
    ],
)
def test_columns_that_are_not_what_they_were(change, column: str, words: str) -> None:
    """Named, with what is wrong; the rows are counted all the same."""
    frame = monitored.rows(100)
    found = monitored.observation(change(frame))
    assert found is not None
    assert words in found.columns[column]
    assert found.rows == 100


def test_new_columns_are_named() -> None:
    """Target, time and what is left out are known, though no features."""
    frame = monitored.rows(100)
    found = monitored.observation(frame.assign(mood="fine"))
    same = monitored.observation(frame)
    assert found is not None
    assert same is not None
    assert found.new == ("mood",)
    assert same.new == ()
    assert same.columns == {}


def test_numbers_without_values_are_no_text() -> None:
    """A column of which nothing is known is missing, whatever its type."""
    found = monitored.observation(monitored.rows(100, age=pd.Series([None] * 100, dtype=object)))
    assert found is not None
    assert found.columns == {}
    assert found.counts.histograms["age"].missing == 100


def test_no_rows() -> None:
    """There is nothing to observe."""
    assert monitored.observation(monitored.rows(100).head(0)) is None
