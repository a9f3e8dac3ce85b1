"""Counting values in the bins of a column."""

import json

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from longhaul.features.columns import Category
from longhaul.monitoring import bins
from longhaul.monitoring.bins import OTHER, Bins, Histogram

NUMBERS = arrays(
    np.float32,
    st.integers(0, 60),
    elements=st.one_of(st.floats(-1000, 1000, width=32), st.just(float("nan"))),
)


def number(values: np.ndarray, most: int = 10) -> Bins:
    return bins.of_number("x", "x", values, most)


@given(reference=NUMBERS, values=NUMBERS, most=st.integers(2, 20))
def test_every_value_is_counted_where_it_belongs(
    reference: np.ndarray, values: np.ndarray, most: int
) -> None:
    """As looking each value up among the edges does; NaN is missing, the sums are the bins'."""
    found = number(reference, most)
    histogram = found.histogram(values)
    known = values[~np.isnan(values)].astype(np.float64)
    place = np.searchsorted(np.array(found.edges), known, side="right")
    assert histogram.counts.tolist() == np.bincount(place, minlength=len(found)).tolist()
    assert np.allclose(histogram.sums, np.bincount(place, known, minlength=len(found)), atol=1e-6)
    assert histogram.missing == len(values) - len(known)
    assert histogram.rows == len(values)


@given(reference=NUMBERS, values=NUMBERS, cut=st.integers(0, 60))
def test_batches_add_up(reference: np.ndarray, values: np.ndarray, cut: int) -> None:
    """Two parts together are the whole; a part taken away leaves the other."""
    found = number(reference)
    one, other, whole = (found.histogram(part) for part in (values[:cut], values[cut:], values))
    both = one + other
    assert both.counts.tolist() == whole.counts.tolist()
    assert np.allclose(both.sums, whole.sums, atol=1e-6)
    assert (both.missing, both.out_of_range) == (whole.missing, whole.out_of_range)
    assert (both - other).counts.tolist() == one.counts.tolist()


def test_what_lies_beyond_the_range_is_outside() -> None:
    """Below the lowest and above the highest value of the reference."""
    found = number(np.array([1, 2, 3, 4], dtype=np.float32))
    assert found.histogram(np.array([0.5, 1, 4, 5, 9, np.nan], dtype=np.float32)).out_of_range == 3
    unknown = number(np.array([np.nan], dtype=np.float32))
    assert unknown.histogram(np.ones(2, np.float32)).out_of_range == 2


def test_quantile_bins_have_equal_mass() -> None:
    """Up to ties, which share a bin."""
    values = np.arange(1000, dtype=np.float32)
    counts = number(values).histogram(values).counts
    assert len(counts) == 10
    assert abs(counts - 100).max() <= 1


def test_a_value_that_is_nearly_all_has_a_bin_of_its_own() -> None:
    """Rain: dry hours apart from wet ones, though every quantile is dry."""
    rain = np.concatenate([np.zeros(990), np.linspace(0.1, 1, 10)]).astype(np.float32)
    found = number(rain)
    assert found.histogram(rain).counts.tolist() == [990, 10]


def test_levels_and_all_others() -> None:
    """A code of its own for each level; what is rare or new in the last bin."""
    column = Category.fit(pd.Series(["a"] * 3 + ["b"] * 2 + ["c"]), min_count=2)
    found = bins.of_category(column, ("c",))
    assert found.levels == ("a", "b", OTHER)
    histogram = found.histogram(np.array([0, 1, 1, 2, 7, np.nan], dtype=np.float32))
    assert histogram.counts.tolist() == [1, 2, 2]
    assert histogram.missing == 1


def test_kept_as_json() -> None:
    """Bins and histograms come back as they went."""
    found = number(np.array([1, 2, 3, np.nan], dtype=np.float32))
    histogram = found.histogram(np.array([0, 2, np.nan], dtype=np.float32))
    assert Bins.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    again = Histogram.from_dict(json.loads(json.dumps(histogram.to_dict())))
    assert again.to_dict() == histogram.to_dict()
    assert again.mean == histogram.mean == 1.0
