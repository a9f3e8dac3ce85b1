"""One encoder for training, scoring and serving."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longhaul.errors import LonghaulError
from longhaul.features.encoder import Encoder
from tests.tables import churn

FEATURES = ["day", "calls", "plan", "age", "trial"]
TABLE = churn(rows_per_month=60).assign(trial=lambda frame: frame["calls"] > 3)
LEARNED = Encoder.fit(TABLE, FEATURES)

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["plus", "3", "2024-02-29T17:05:00+02:00", "2024-02-29"]),
    st.datetimes(),
    st.dates(),
)
ROW = st.fixed_dictionaries({}, optional=dict.fromkeys(FEATURES, ANYTHING))


def test_matrix() -> None:
    """Numbers stay, categories are ranked by frequency, dates become their covered parts."""
    frame = pd.DataFrame(
        {
            "day": [pd.Timestamp("2020-01-02 06:30"), pd.NaT],
            "calls": [3, 7],
            "plan": ["family", "??"],
            "age": [41.5, np.inf],
            "trial": [True, False],
        }
    )
    assert ["day.minute_of_day", "day.day_of_week", *FEATURES[1:]] == LEARNED.names
    assert LEARNED.features == FEATURES
    assert LEARNED.sources == [0, 0, 1, 2, 3, 4]
    assert LEARNED.categorical == [3]
    matrix = LEARNED.transform(frame)
    assert (np.float32, True) == (matrix.dtype, matrix.flags.c_contiguous)
    nan = np.nan
    expected = [[390, 3, 3, 2, 41.5, 1], [nan, nan, 7, 3, nan, 0]]
    np.testing.assert_array_equal(matrix, expected)


@settings(max_examples=150, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=6))
def test_row_by_row(found: list[dict[str, object]]) -> None:
    """Whatever the values and their neighbours, a row alone is encoded as among others."""
    frame = pd.DataFrame(found, columns=FEATURES)
    together = LEARNED.transform(frame)
    alone = [LEARNED.transform(pd.DataFrame([row])) for row in found]
    np.testing.assert_array_equal(together, np.vstack(alone))
    sliced = [LEARNED.transform(frame.iloc[[i]]) for i in range(len(frame))]
    np.testing.assert_array_equal(together, np.vstack(sliced))
    assert not np.isinf(together).any()


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**53 + 1, 2**64, -(10**400), 1e39, -0.0, 1e-46]),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["plus", "basic", "3", " 4.5 ", "1_0", "٣", "1e400", "nan", "-inf", "None"]),
    st.dates().map(str),
    st.datetimes().map(str),
    st.datetimes().map(lambda time: time.isoformat(timespec="minutes") + "Z"),
    st.from_regex(r"\A[12]\d{3}-[01]\d-[0-3]\d[T ][012]\d:[0-6]\d(:\d\d(\.\d{1,9})?)?\Z"),
    st.sampled_from(["1969-02-29", "2024-02-29T24:00:00", "2024-02-29T23:59:60", "2024-060"]),
    st.sampled_from(["1699-12-31 23:59:59.999999999+05:30", "20240229T1705", "now", "2024-02"]),
)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 4).flatmap(lambda n: plain_tables(n)))
def test_plain_values(table: dict[str, list[object]]) -> None:
    """Read without pandas, plain values are what they are in a DataFrame, bit for bit."""
    count = len(next(iter(table.values()), [None]))
    frame = pd.DataFrame({name: pd.Series(table[name], dtype=object) for name in table})
    frame = frame.reindex(range(count))
    encoded = LEARNED.encode(table, count)
    expected = LEARNED.transform(frame)
    assert (np.float32, True) == (encoded.dtype, encoded.flags.c_contiguous)
    assert expected.shape == encoded.shape
    assert expected.view(np.int32).tolist() == encoded.view(np.int32).tolist()


def plain_tables(count: int) -> st.SearchStrategy[dict[str, list[object]]]:
    column = st.lists(PLAIN, min_size=count, max_size=count)
    return st.fixed_dictionaries({}, optional=dict.fromkeys([*FEATURES, "other"], column))


def test_state() -> None:
    """What was learned survives the way through JSON, and says the same of the same rows."""
    again = Encoder.from_json(LEARNED.to_json())
    assert again == LEARNED
    np.testing.assert_array_equal(LEARNED.transform(TABLE), again.transform(TABLE))


def test_unknown_format() -> None:
    """A state of another format is refused, not guessed at."""
    state = json.loads(LEARNED.to_json()) | {"format": 99}
    with pytest.raises(LonghaulError, match="its format is 99"):
        Encoder.from_json(json.dumps(state))


def test_missing_and_extra_columns() -> None:
    """A column that is not there is missing in every row; one that nobody asked for is ignored."""
    matrix = LEARNED.transform(pd.DataFrame({"age": [1.0], "height": [2.0]}))
    np.testing.assert_array_equal(matrix, [[np.nan] * 4 + [1.0, np.nan]])


def test_no_rows() -> None:
    """No rows make a matrix of no rows."""
    assert (0, len(LEARNED.names)) == LEARNED.transform(TABLE.head(0)).shape


def test_rare_levels() -> None:
    """Rare and unseen categories share one code; ties are ranked by name."""
    frame = pd.DataFrame({"c": ["b"] * 3 + ["a"] * 3 + ["z"] * 4 + ["rare"]})
    encoder = Encoder.fit(frame, ["c"], min_count=3)
    codes = encoder.transform(pd.DataFrame({"c": ["z", "a", "b", "rare", "new", None]}))
    np.testing.assert_array_equal(codes.ravel(), [0, 1, 2, 3, 3, np.nan])


def test_most_levels() -> None:
    """However many categories there are, the codes fit the 255 bins of a tree's histogram."""
    frame = pd.DataFrame({"c": np.repeat([f"v{i}" for i in range(400)], 10)})
    assert Encoder.fit(frame, ["c"]).transform(frame).max() == 254


@pytest.mark.parametrize(
    ("days", "parts"),
    [
        (0, []),
        (5, ["minute_of_day"]),
        (14, ["minute_of_day", "day_of_week"]),
        (400, ["minute_of_day", "day_of_week"]),
        (731, ["minute_of_day", "day_of_week", "day_of_year"]),
    ],
)
def test_cycles(days: int, parts: list[str]) -> None:
    """A part of a date is a feature once the rows cover its cycle twice."""
    frame = pd.DataFrame({"t": pd.Timestamp("2023-01-01") + pd.to_timedelta([0, days], unit="D")})
    assert [f"t.{part}" for part in parts] == Encoder.fit(frame, ["t"]).names


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None, None], "number"),
        ([True, None], "number"),
        ([1, 2.5], "number"),
        ([np.nan, 1.0], "number"),
        (["1", None], "category"),
        ([1, "a"], "category"),
        ([pd.Timestamp("2024-01-01"), None], "date"),
    ],
    ids=str,
)
def test_kinds(values: list[object], kind: str) -> None:
    """The kind of a column is that of what it holds, not of how pandas holds it."""
    for frame in (
        pd.DataFrame({"x": pd.Series(values)}),
        pd.DataFrame({"x": values}, dtype=object),
    ):
        assert [kind] == [column.column_type for column in Encoder.fit(frame, ["x"]).columns]


def test_fast() -> None:
    """A hundred thousand rows are encoded in a fraction of a second."""
    frame = TABLE.sample(100_000, replace=True, random_state=0)
    start = time.perf_counter()
    LEARNED.transform(frame)
    assert time.perf_counter() - start < 0.5
