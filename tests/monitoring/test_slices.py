"""Slices that are fixed when the model is fitted."""

import json

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from longhaul.monitoring.slices import Slicing

MIXED = st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", "ü", "3"])), min_size=1)


@given(known=MIXED, later=st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1))
def test_every_row_has_one_slice(known: list[str | None], later: list[str | None]) -> None:
    """Its own value's, that of all others, or that of what is missing."""
    slicing = Slicing.fit(pd.Series(known, name="x", dtype="str"))
    names = slicing.names
    for value, place in zip(later, slicing.places(pd.Series(later, dtype="str")), strict=True):
        expected = "(missing)" if value is None else value if value in known else "(other)"
        assert names[place] == expected


def test_few_numbers_are_slices_by_themselves() -> None:
    """In rising order, whole ones without a point."""
    slicing = Slicing.fit(pd.Series([10.0, 9, 9, 2, np.nan], name="hour"))
    assert slicing.names == ["2", "9", "10", "(other)", "(missing)"]
    places = slicing.places(pd.Series([9, 11, np.nan]))
    assert [slicing.names[place] for place in places] == ["9", "(other)", "(missing)"]


def test_many_numbers_are_cut_at_their_tenths() -> None:
    """Ranges that later values fall in, however far outside."""
    slicing = Slicing.fit(pd.Series(np.arange(1000.0), name="x"))
    assert len(slicing.edges) == 9
    places = slicing.places(pd.Series([-5.0, 99.0, 100.0, 5000.0, np.nan]))
    shown = [slicing.names[place] for place in places]
    assert shown[0] == "below 99"
    assert shown[1] == shown[2] == "99 to 199"
    assert shown[3] == "from 899"
    assert shown[4] == "(missing)"


def test_kept_as_json() -> None:
    """Levels and edges come back as they went."""
    for column in (pd.Series(list("aab"), name="x"), pd.Series(np.arange(1000.0), name="x")):
        slicing = Slicing.fit(column)
        assert Slicing.from_dict(json.loads(json.dumps(slicing.to_dict()))) == slicing
