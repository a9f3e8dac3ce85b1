"""The share of rows that repeat another."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from longhaul.monitoring import distinct_sample
from longhaul.monitoring.distinct_sample import DistinctSample

MATRICES = arrays(np.float32, st.tuples(st.integers(1, 50), st.just(2)), elements=st.integers(0, 3))


@given(matrix=MATRICES, cut=st.integers(0, 50))
def test_few_rows_are_counted_exactly(matrix: np.ndarray, cut: int) -> None:
    """In one go or in two: the rows less the different ones."""
    expected = 1 - len(np.unique(matrix, axis=0)) / len(matrix)
    assert np.isclose(DistinctSample.of(matrix).share, expected)
    parts = [part for part in (matrix[:cut], matrix[cut:]) if len(part)]
    first = DistinctSample.of(parts[0])
    both = first if len(parts) == 1 else first + DistinctSample.of(parts[1])
    assert np.isclose(both.share, expected)


def test_columns_are_told_apart() -> None:
    """The same values in another order are another row; missing equals missing."""
    rows = np.array([[1, 2], [2, 1], [np.nan, 1], [np.nan, 1]], dtype=np.float32)
    assert DistinctSample.of(rows).share == 0.25


def test_many_rows_are_sampled_in_bounded_memory() -> None:
    """A million rows of which a quarter repeat: within half a point, no more than the bound."""
    generator = np.random.default_rng(0)
    once = generator.normal(size=(750_000, 2)).astype(np.float32)
    rows = np.concatenate([once, once[:250_000]])
    generator.shuffle(rows)
    whole = DistinctSample.of(rows[:50_000])
    for start in range(50_000, len(rows), 50_000):
        whole = whole + DistinctSample.of(rows[start : start + 50_000])
        assert len(whole.hashes) <= distinct_sample.MAX_KEPT
    assert whole.halvings > 0
    assert abs(whole.share - 0.25) < 0.005


def test_no_rows() -> None:
    """Nothing repeats."""
    assert DistinctSample.of(np.empty((0, 3), dtype=np.float32)).share == 0
