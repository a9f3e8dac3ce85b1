"""Rows survive the way through JSON."""

import json

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from longhaul.model import payload
from tests import tables


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_every_bit(value: float) -> None:
    """What is read back is the number that was sent."""
    (row,) = json.loads(payload.dumps(pd.DataFrame({"x": [value]})))["dataframe_split"]["data"]
    assert np.float64(row[0]).tobytes() == np.float64(value).tobytes()


def test_dates_are_texts_and_gaps_are_null() -> None:
    """Of every kind of column, missing or not."""
    frame = pd.DataFrame(
        {
            "date": [pd.Timestamp("2013-06-01 12:30:00.000001"), pd.NaT],
            "category": ["a", None],
            "number": [1.5, np.nan],
            "whole": pd.array([1, None], dtype="Int64"),
            "flag": [True, False],
        },
        index=[7, 7],
    )
    sent = json.loads(payload.dumps(frame))["dataframe_split"]
    assert sent["columns"] == list(frame.columns)
    assert sent["data"] == [
        ["2013-06-01T12:30:00.000001", "a", 1.5, 1, True],
        [None, None, None, None, False],
    ]


def test_rows_read_back_equal() -> None:
    """A table of every kind, parsed as the server does, has the same values."""
    frame = tables.churn(rows_per_month=10).drop(columns="customer")
    sent = json.loads(payload.dumps(frame))["dataframe_split"]
    back = pd.DataFrame(sent["data"], columns=sent["columns"])
    back["day"] = pd.to_datetime(back["day"])
    pd.testing.assert_frame_equal(frame, back.astype(frame.dtypes), check_exact=True)
