"""Whatever a column is written as, it is read as what it says, one value like another."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longhaul.data import time_parts
from longhaul.data.reading import read
from longhaul.errors import LonghaulError
from longhaul.features import date_format
from longhaul.features.encoder import Encoder


def column(values: list[object], dtype: object = None) -> pd.Series:
    return pd.Series(values, dtype=dtype, name="c")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "2", " "], [1, 2, None]),
        (["29.85", " ", "1889.5", ""], [29.85, None, 1889.5, None]),
        (["$1,200", "$30", "?"], [1200, 30, None]),
        (["30%", "12.5 %"], [30, 12.5]),
        (["1", "NA", "-", "null"], [1, None, None, None]),
        (["true", "False"], [1, 0]),
        (["1e3", "-2.5"], [1000, -2.5]),
        ([1, "2", None, 3.5], [1, 2, None, 3.5]),
    ],
)
def test_texts_of_numbers(values: list[object], expected: list[float | None]) -> None:
    """Blanks and signs of absence are missing; what people add to numbers is not in the way."""
    found = read(column(values))
    assert found.unfit.empty
    assert [None if np.isnan(one) else one for one in found.column] == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["007", "12"], ["007", "12"]),
        (["a", " b ", "NA", ""], ["a", "b", None, None]),
        ([1, "a", None], ["1", "a", None]),
        ([True, "x"], ["True", "x"]),
        (["1", "x"], ["1", "x"]),
        (["10-20", "20-30"], ["10-20", "20-30"]),
    ],
)
def test_texts_that_are_none(values: list[object], expected: list[str | None]) -> None:
    """Codes keep their zeros, mixed columns become text, and blanks around texts go."""
    found = read(column(values)).column
    assert [None if pd.isna(one) else one for one in found] == expected


def test_times() -> None:
    """ISO 8601 by itself, any other format where it is declared; local clocks stay."""
    found = read(column(["2020-01-31", "2020-02-01T10:30", None])).column
    assert found.tolist()[:2] == [pd.Timestamp("2020-01-31"), pd.Timestamp("2020-02-01 10:30")]
    declared = read(column(["31/01/2020", "soon"]), "date %d/%m/%Y")
    assert declared.column[0] == pd.Timestamp("2020-01-31")
    assert declared.unfit.to_dict() == {1: "soon"}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.array([1, None, 3], dtype="Int64"), "f"),
        (pd.array([1, 2], dtype="Int64"), "i"),
        (pd.array([True, None], dtype="boolean"), "f"),
        (pd.array(["a", None], dtype="string"), "O"),
        (pd.Categorical(["a", "b", None]), "O"),
        (pd.Categorical([1, 2, 1]), "i"),
        (pd.to_timedelta(["1 day", "2 days"]), "f"),
        (pd.period_range("2020-01", periods=2, freq="M"), "M"),
        (pd.array([1.5, None], dtype="float64[pyarrow]"), "f"),
        ([datetime.date(2020, 1, 1), None], "M"),
    ],
)
def test_extension_types_become_plain_ones(values: object, kind: str) -> None:
    """Which every later step knows, and Parquet keeps."""
    given_ = pd.Series(values, name="c")
    found = read(given_).column
    assert found.dtype.kind == kind
    assert found.isna().tolist() == given_.isna().tolist()


def test_nested_values_are_refused() -> None:
    """With one of them, and what to do."""
    with pytest.raises(LonghaulError, match=r"column 'c' holds lists, such as .*leave it out"):
        read(column([[1], [2]]))


@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=8), st.integers(), st.floats(), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_any_column_is_read_and_encoded(values: list[object]) -> None:
    """Whatever it holds: as many rows, and a matrix of finite numbers and gaps."""
    found = read(pd.Series(values, dtype=object, name="c"))
    assert len(found.column) == len(values)
    frame = found.column.to_frame()
    matrix = Encoder.fit(frame, ["c"], 1).transform(frame)
    assert len(matrix) == len(values)
    assert not np.isinf(matrix).any()


@given(
    st.lists(st.one_of(st.sampled_from(["", " ", "NA", "a", " a", "b "]), st.none()), min_size=1)
)
def test_a_category_is_the_same_with_blanks_around_it(values: list[str | None]) -> None:
    """In a batch that was read and in a request that was not: one code for each."""
    frame = read(pd.Series(values, dtype=object, name="c"), "category").column.to_frame()
    encoder = Encoder.fit(frame, ["c"], 1)
    sent = encoder.encode({"c": values}, len(values))
    np.testing.assert_array_equal(sent, encoder.transform(frame))


@settings(max_examples=40)
@given(
    st.sampled_from(["%d/%m/%Y %H:%M:%S", "%Y.%m.%d %H:%M", "%d-%b-%Y %H:%M:%S.%f"]),
    st.lists(
        st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2200, 1, 1)), min_size=1
    ),
    st.lists(st.sampled_from(["", "soon", "31/02/2020 10:00:00", "1588329000", "01/02/2020"])),
)
def test_times_of_many_values_are_read_as_those_of_few(
    spelling: str, times: list[datetime.datetime], others: list[str]
) -> None:
    """Day and clock apart give what the format gives."""
    form = date_format.from_text(spelling)
    texts = [*(time.strftime(spelling) for time in times), *others]
    many = time_parts.read(texts * time_parts.MANY, form)
    assert many is not None
    for text, moment in zip(texts, many[: len(texts)], strict=True):
        expected = form.parse(text)
        assert np.isnat(moment) or moment == np.datetime64(expected, "us")
        assert not np.isnat(moment) or expected is None or " " not in text
