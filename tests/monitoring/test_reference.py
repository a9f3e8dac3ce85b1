"""What later periods are measured against."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from longhaul.model.reference import OTHER, reference, tally

from longhaul.features.encoder import Encoder
from longhaul.learning.sample import Sample

FRAME = pd.DataFrame(
    {
        "size": [1.0, 2.0, 3.0, 4.0, np.nan, 6.0, 7.0, 8.0],
        "plan": ["a", "a", "a", "b", "b", "c", None, "a"],
        "none": [np.nan] * 8,
    }
)
PERIODS = np.array(["2020-01"] * 5 + ["2020-02"] * 3)
SCORES = np.linspace(0.0, 1.0, 11)
OUTCOME = np.array([True, False, False, False, True, True, False, False])


@pytest.fixture(scope="module")
def described() -> dict:
    encoder = Encoder.fit(FRAME, list(FRAME.columns), min_count=2)
    sample = Sample(encoder.transform(FRAME), OUTCOME)
    return reference(encoder, sample, PERIODS, SCORES, bins=4)


def test_periods(described: dict) -> None:
    """Rows and the share of positives, period by period."""
    assert described["rows"] == {"2020-01": 5, "2020-02": 3}
    assert described["positive"] == {"2020-01": 2 / 5, "2020-02": 1 / 3}


def test_number(described: dict) -> None:
    """Quantile bins over all rows, counted in each period, missing ones apart."""
    assert described["columns"]["size"] == {
        "kind": "number",
        "edges": [2.0, 4.0, 7.0],
        "min": 1.0,
        "max": 8.0,
        "counts": {"2020-01": [1, 2, 1, 0], "2020-02": [0, 0, 1, 2]},
        "missing": {"2020-01": 1 / 5, "2020-02": 0.0},
    }


def test_category(described: dict) -> None:
    """Levels by code; what is rare is counted with what will be new."""
    assert described["columns"]["plan"] == {
        "kind": "category",
        "levels": ["a", "b", OTHER],
        "counts": {"2020-01": [3, 2, 0], "2020-02": [1, 0, 1]},
        "missing": {"2020-01": 0.0, "2020-02": 1 / 3},
    }


def test_all_missing(described: dict) -> None:
    """A column without values has one bin with nothing in it."""
    entry = described["columns"]["none"]
    assert (entry["edges"], entry["min"], entry["counts"]["2020-01"]) == ([], None, [0])
    assert entry["missing"] == {"2020-01": 1.0, "2020-02": 1.0}


def test_scores(described: dict) -> None:
    """The scores are spread evenly over their bins."""
    assert described["scores"]["counts"] == [2, 3, 3, 3]


def test_json(described: dict) -> None:
    """It is plain JSON."""
    assert json.loads(json.dumps(described)) == described


def test_nearly_one_value() -> None:
    """A number that is nearly always the same has a bin for when it is not."""
    frame = pd.DataFrame({"rain": [0.0] * 97 + [0.1, 0.2, 0.3]})
    encoder = Encoder.fit(frame, ["rain"])
    sample = Sample(encoder.transform(frame), np.zeros(100, dtype=bool))
    entry = reference(encoder, sample, np.repeat("p", 100), SCORES, 10)["columns"]["rain"]
    assert entry["counts"] == {"p": [97, 3]}


@given(
    arrays(float, st.integers(1, 200), elements=st.floats(-1e6, 1e6) | st.just(np.nan)),
    st.integers(2, 30),
)
def test_every_value_is_counted(values: np.ndarray, bins: int) -> None:
    """Whatever the numbers, each is in one of no more than `bins` bins; new ones find one too."""
    frame = pd.DataFrame({"x": values})
    encoder = Encoder.fit(frame, ["x"])
    sample = Sample(encoder.transform(frame), np.zeros(len(frame), dtype=bool))
    periods = np.repeat("p", len(frame))
    entry = reference(encoder, sample, periods, SCORES, bins)["columns"]["x"]
    counts = entry["counts"]["p"]
    assert len(counts) <= bins
    assert sum(counts) == np.isfinite(sample.matrix).sum()
    assert tally(entry, np.array([-1e9, 1e9, np.nan])).sum() == 2
