"""What leaves the contract is found, with its reason; what keeps it passes."""

import operator
import re
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longhaul.data import contract, periods
from longhaul.data.summary import Summary
from longhaul.problem import Contract
from tests import tables

LIMITS = Contract(margin=0.5, missing=0.1, unseen=0.05, quarantine=0.01)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return tables.churn()


@pytest.fixture(scope="module")
def learned(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    problem = tables.problem(tmp_path_factory.mktemp("problem"))
    return contract.learn(frame, periods.labels(frame["day"], "month"), problem)


def test_features_are_learned_and_nothing_else(learned: dict[str, Any]) -> None:
    """Kinds, ranges and categories; neither the target nor what is left out."""
    assert set(learned) == {"day", "calls", "plan", "age"}
    assert learned["plan"]["levels"] == ["basic", "family", "plus"]
    assert learned["calls"]["kind"] == "number"
    assert 0.02 < learned["age"]["missing"] < 0.15


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_the_rows_it_was_learned_on_keep_it(
    frame: pd.DataFrame, learned: dict[str, Any], seed: int
) -> None:
    """Any good part of them."""
    part = frame.sample(frac=0.5, random_state=seed).reset_index(drop=True)
    found = contract.check(part, learned, LIMITS)
    assert found.reasons.empty
    assert found.breaches == ()


@pytest.mark.parametrize("bad", [1e6, -1e6, np.inf, -np.inf])
def test_numbers_out_of_range_are_bad_rows(
    frame: pd.DataFrame, learned: dict[str, Any], bad: float
) -> None:
    """Those rows and no others, with column, value and range."""
    broken = frame.astype({"calls": float})
    broken.loc[[3, 7], "calls"] = bad
    found = contract.check(broken, learned, LIMITS)
    assert found.reasons.index.tolist() == [3, 7]
    assert found.reasons[3].startswith(f"calls = {bad}, expected from ")


def test_an_infinity_in_training_widens_no_range(frame: pd.DataFrame, tmp_path: Path) -> None:
    """It is a bad row of the very window that was learned from, and lets nothing else through."""
    broken = frame.astype({"calls": float})
    broken.loc[2, "calls"] = np.inf
    period = periods.labels(broken["day"], "month")
    expected = contract.learn(broken, period, tables.problem(tmp_path))
    assert expected["calls"]["max"] == frame["calls"].max()
    broken.loc[9, "calls"] = 1e9
    assert contract.check(broken, expected, LIMITS).reasons.index.tolist() == [2, 9]


def test_a_number_never_seen_need_only_be_finite(frame: pd.DataFrame, tmp_path: Path) -> None:
    """A column that was missing all through training has no range."""
    period = periods.labels(frame["day"], "month")
    expected = contract.learn(frame.assign(age=np.nan), period, tables.problem(tmp_path))
    later = frame.assign(age=7.0)
    later.loc[4, "age"] = -np.inf
    assert contract.check(later, expected, LIMITS).reasons.index.tolist() == [4]


def test_all_reasons_of_a_row_are_told(frame: pd.DataFrame, learned: dict[str, Any]) -> None:
    """One row, two columns out of range."""
    broken = frame.astype({"calls": float})
    broken.loc[5, ["calls", "age"]] = [500.0, 999.0]
    reason = contract.check(broken, learned, LIMITS).reasons[5]
    assert "calls = 500.0" in reason
    assert "age = 999.0" in reason


def test_few_unseen_categories_are_no_fault(frame: pd.DataFrame, learned: dict[str, Any]) -> None:
    """The encoder knows what to do with them."""
    some = frame.copy()
    some.loc[:50, "plan"] = "student"
    assert contract.check(some, learned, LIMITS).breaches == ()


def test_unseen_categories_are_shown_and_seen_ones_are_not(
    frame: pd.DataFrame, learned: dict[str, Any]
) -> None:
    """The share of rows that have one, and which they are."""
    some = frame.copy()
    some.loc[some.index < len(some) // 10, "plan"] = "student"
    (breach,) = contract.check(some, learned, LIMITS).breaches
    assert str(breach).endswith("never seen, found 270 of 2,700 (10.0%), such as 'student'")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"plan": "student"}, r"'plan': expected at most 5.0% in categories never seen.*'student'"),
        (
            {"age": np.nan},
            r"'age': expected at most 1\d\.\d% missing, found 2,700 of 2,700 .100.0%",
        ),
        ({"calls": "many"}, r"'calls': expected a number, found str, such as 'many'"),
        ({"plan": 7}, r"'plan': expected a category, found int64, such as 7"),
        ({"plan": None}, r"'plan': expected at most 10.0% missing, found 2,700 of 2,700 .100.0%"),
    ],
)
def test_columns_that_break_are_named(
    frame: pd.DataFrame, learned: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    """The column, the expectation and what was found."""
    (breach,) = contract.check(frame.assign(**change), learned, LIMITS).breaches[:1]
    assert re.search(message, str(breach)), str(breach)


def test_a_missing_column_is_named(frame: pd.DataFrame, learned: dict[str, Any]) -> None:
    """By its name, even when others are fine."""
    (breach,) = contract.check(frame.drop(columns="age"), learned, LIMITS).breaches
    assert str(breach) == "'age': expected a column of this name, found none"


def test_an_empty_period_has_nothing_to_find(
    frame: pd.DataFrame, learned: dict[str, Any], tmp_path: Path
) -> None:
    """No rows, no faults."""
    found = contract.check(frame.head(0), learned, LIMITS)
    assert found.reasons.empty
    assert found.breaches == ()


def test_a_column_of_one_value_sets_no_range(frame: pd.DataFrame, tmp_path: Path) -> None:
    """What never varied says nothing of how far is far; only what is no number is bad."""
    constant = frame.assign(calls=3.0)
    period = periods.labels(frame["day"], "month")
    learned = contract.learn(constant, period, tables.problem(tmp_path))
    later = constant.assign(calls=5.0)
    later.loc[0, "calls"] = np.inf
    assert contract.check(later, learned, LIMITS).reasons.index.tolist() == [0]


@st.composite
def broken(draw: st.DrawFn) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Something that may be wrong with a table."""
    share = draw(st.sampled_from([0.0, 0.05, 0.3, 1.0]))
    column = draw(st.sampled_from(["calls", "plan", "age", "day"]))
    what = draw(st.sampled_from(["gaps", "new", "far", "gone", "text", "nothing"]))

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        rows = frame.index < share * len(frame)
        if what == "gaps":
            return frame.assign(**{column: frame[column].mask(rows)})
        if what == "new":
            return frame.assign(plan=frame["plan"].mask(rows, "brand new"))
        if what == "far":
            return frame.assign(calls=frame["calls"].astype(float).mask(rows, 1e9))
        if what == "gone":
            return frame.drop(columns=column)
        if what == "text":
            return frame.assign(calls=frame["calls"].astype("str"))
        return frame

    return change


@settings(max_examples=60)
@given(broken(), broken(), st.integers(1, 5))
def test_parts_say_what_the_whole_says(
    frame: pd.DataFrame,
    learned: dict[str, Any],
    one: Callable[[pd.DataFrame], pd.DataFrame],
    other: Callable[[pd.DataFrame], pd.DataFrame],
    parts: int,
) -> None:
    """Breaches from counts that were added up, and reasons row by row, are those of one check."""
    try:
        changed = other(one(frame)).reset_index(drop=True)
    except KeyError:  # the column is gone already
        return
    whole = contract.check(changed, learned, LIMITS)
    size = -(-len(changed) // parts)
    pieces = [changed.iloc[start : start + size] for start in range(0, len(changed), size)]
    found = reduce(operator.add, [Summary.of(piece, list(learned)) for piece in pieces])
    told = contract.breaches(found, learned, LIMITS)
    assert sorted(map(str, told)) == sorted(map(str, whole.breaches))
    reasons = pd.concat([contract.reasons(piece, learned, LIMITS) for piece in pieces])
    assert reasons.sort_index().to_dict() == whole.reasons.to_dict()


def test_a_contract_is_learned_in_parts(
    frame: pd.DataFrame, learned: dict[str, Any], tmp_path: Path
) -> None:
    """What is counted in each part of each period, added up, teaches the same contract."""
    period = periods.labels(frame["day"], "month")
    found = {}
    for label in sorted(period.unique()):
        rows = frame[period == label]
        pieces = [rows.iloc[part::3] for part in range(3)]
        found[label] = reduce(operator.add, [Summary.of(one, list(learned)) for one in pieces])
    assert contract.expect(found) == learned
