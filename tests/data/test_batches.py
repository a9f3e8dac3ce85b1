"""A row's batch is its own: it depends on the row, or its group, and on nothing else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.data.batches import assign_batches
from tests import tables

PARTS = 20


@given(st.permutations(range(60)), st.integers(1, 59))
def test_other_rows_do_not_matter(order: list[int], count: int) -> None:
    """Neither their order nor how many there are, nor the order of the columns."""
    frame = tables.churn(rows_per_month=10).head(60)
    whole = assign_batches(frame, PARTS)
    part = frame.iloc[order[:count]][frame.columns[::-1]]
    assert assign_batches(part, PARTS).to_dict() == whole.loc[part.index].to_dict()


def test_parts_are_even_and_known() -> None:
    """Each has its share, as far as chance goes; the labels are those of all parts."""
    found = assign_batches(pd.DataFrame({"a": np.arange(100_000), "b": "x"}), PARTS).value_counts()
    assert sorted(found.index) == [f"batch-{i:04d}" for i in range(PARTS)]
    assert found.between(4700, 5300).all()


def test_equal_rows_and_groups_stay_together() -> None:
    """Whatever type a number has."""
    frame = pd.DataFrame({"a": [1, 2, 1, 3, 4], "b": ["x", "y", "x", "x", "y"]})
    one = assign_batches(frame, PARTS)
    assert one[0] == one[2]
    assert assign_batches(frame.astype({"a": float}), PARTS).tolist() == one.tolist()
    groups = pd.DataFrame({"g": np.repeat(np.arange(50), 4), "v": np.arange(200)})
    found = assign_batches(groups, PARTS, "g").groupby(groups["g"]).agg(set)
    assert {len(one) for one in found} == {1}


@pytest.mark.parametrize("value", ["x", None, 1.5])
def test_cases_of_a_few_kinds_are_spread(value: object) -> None:
    """Where most rows have an equal, each counts for itself; constants have a hash, too."""
    found = assign_batches(pd.DataFrame({"a": [value] * 2000}), PARTS).value_counts()
    assert found.between(60, 145).all()
    assert len(found) == PARTS
