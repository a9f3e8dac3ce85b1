"""Slices part the rows, and each has its own figures."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.errors import LonghaulError
from longhaul.evaluation.slices import MAX_LEVELS, MISSING, OTHER, levels, slices
from longhaul.tasks import binary
from longhaul.tasks.metrics import measure


def predictions(count: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.random(count) < 0.3, generator.random(count)


def test_each_slice_is_measured_by_itself() -> None:
    """Its figures are those of its rows alone."""
    frame = pd.DataFrame({"kind": ["a"] * 200 + ["b"] * 100})
    outcome, probability = predictions(300)
    first, second = slices(binary, frame, ["kind"], outcome, probability)
    expected = measure(outcome[:200], probability[:200])
    assert first == {
        "column": "kind",
        "value": "a",
        "rows": 200,
        "found": outcome[:200].mean(),
        "predicted": probability[:200].mean(),
        "auc": expected["auc"],
        "log_loss": expected["log_loss"],
    }
    assert (second["value"], second["rows"]) == ("b", 100)


def test_few_rows_or_one_class_have_no_auc() -> None:
    """But a log loss; and all of it is JSON."""
    frame = pd.DataFrame({"kind": ["a"] * 150 + ["b"] * 50})
    outcome, probability = predictions(200)
    outcome[:150] = False
    found = slices(binary, frame, ["kind"], outcome, probability)
    assert [row["auc"] for row in found] == [None, None]
    json.dumps(found, allow_nan=False)


def test_rare_categories_share_a_slice() -> None:
    """The most frequent are kept, in order of rows."""
    column = pd.Series([f"c{i:02d}" for i in range(60) for _ in range(i + 1)])
    found = levels(column)
    assert list(found.categories[:2]) == ["c59", "c58"]
    assert len(found.categories) == MAX_LEVELS + 1
    assert (found == OTHER).sum() == sum(range(1, 21))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series([10, 2, 10]), ["2", "10"]),
        (pd.Series([0.5, None, 3.0]), ["0.5", "3", MISSING]),
        (pd.Series([True, False, True]), ["True", "False"]),
        (pd.Series(["a", None, "a"]), ["a", MISSING]),
        (pd.to_datetime(pd.Series(["2024-02-01", "2024-01-01"])), ["2024-01-01", "2024-02-01"]),
        (pd.Series([0.1 + 0.2, 0.3, np.inf]), ["0.3", "inf"]),
        (pd.Series([0.1, 0.2], dtype="float32"), ["0.1", "0.2"]),
    ],
)
def test_slices_have_an_order_and_a_name(column: pd.Series, expected: list[str]) -> None:
    """Numbers and dates rise, categories go by rows, what is missing is a slice too."""
    assert expected == list(levels(column).categories)


@given(st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6), st.floats()), min_size=1))
def test_every_row_is_in_one_slice(values: list[float | None]) -> None:
    """Whatever the numbers are, and however many."""
    found = levels(pd.Series(values, dtype="float64"))
    assert (found.codes >= 0).all()
    assert len(found.categories) <= MAX_LEVELS + 1


def test_many_numbers_are_cut_at_quantiles() -> None:
    """Ten slices of equal size, named by the lowest and the highest number in each."""
    found = levels(pd.Series(np.arange(1000.0)))
    assert pd.Series(found).value_counts().tolist() == [100] * 10
    assert list(found.categories[[0, -1]]) == ["0 to 99", "900 to 999"]


def test_a_value_of_most_rows_is_a_slice_by_itself() -> None:
    """However many rows have it, the others are not lost in it."""
    found = levels(pd.Series([*[0.0] * 1000, *range(1, 51)]))
    assert list(found.categories) == ["0", "1 to 50"]


def test_an_unknown_column_is_named() -> None:
    """With the key of the problem that asks for it."""
    with pytest.raises(LonghaulError, match="slices: column 'kind' is not in the table"):
        slices(binary, pd.DataFrame({"a": [1]}), ["kind"], np.array([True]), np.array([0.5]))
