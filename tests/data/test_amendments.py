"""Amendments of the contract: read as they are written, and held to what the contract has."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.data import amendments, contract
from longhaul.data.amendments import Amendment
from longhaul.errors import LonghaulError
from longhaul.problem import Contract

LEARNED: dict[str, Any] = {
    "plan": {"kind": "category", "levels": ["basic", "plus"], "unseen": 0.0, "missing": 0.0},
    "age": {"kind": "number", "min": 18.0, "max": 90.0, "missing": 0.0},
    "day": {"kind": "date", "missing": 0.0},
}
STRICT = Contract(margin=0.0, unseen=0.0)


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ("student", ("student",)),
        ("student,senior", ("student", "senior")),
        (" student , senior ", ("student", "senior")),
        ('"a, b",c', ("a, b", "c")),
        ('student,"",student', ("student",)),
        ("007", ("007",)),
        ("日本", ("日本",)),
        ("it's", ("it's",)),
        ("a b", ("a b",)),
    ],
)
def test_values_are_those_of_a_row_of_csv(values: str, levels: tuple[str, ...]) -> None:
    """Commas between them, quotes around those with a comma; each once."""
    assert amendments.parse("plan", values, "", LEARNED) == Amendment("plan", levels)


@pytest.mark.parametrize(
    ("limits", "low", "high"),
    [
        ("0..120", 0, 120),
        ("-5..5", -5, 5),
        (" 0.5 .. 1.5 ", 0.5, 1.5),
        ("-2..-1", -2, -1),
        ("1e3..2E+3", 1000, 2000),
        (".5..1", 0.5, 1),
        ("+1..+2", 1, 2),
        ("7..7", 7, 7),
    ],
)
def test_limits_are_two_numbers(limits: str, low: float, high: float) -> None:
    """Whatever their signs."""
    assert amendments.parse("age", "", limits, LEARNED) == Amendment("age", (), low, high)


@pytest.mark.parametrize(
    ("column", "values", "limits", "message"),
    [
        ("plan", "", "", r"values, limits: give one of them: categories such as"),
        ("plan", "a", "0..1", r"values, limits: give one of them"),
        ("plans", "a", "", r"column: 'plans' is not in the contract; it has 'plan', 'age', 'day'"),
        ("age", "a", "", r"column: 'age' is a number in the contract; values are for a category"),
        ("plan", "", "0..1", r"column: 'plan' is a category in the contract"),
        ("day", "2020-01-01", "", r"column: 'day' is a date in the contract"),
        ("plan", ",", "", r"values: ',' has no value"),
        ("age", "", "0", r"limits: '0' is no range of numbers such as 0\.\.120"),
        ("age", "", "0..many", r"limits: '0\.\.many' is no range"),
        ("age", "", "nan..1", r"is no range"),
        ("age", "", "0..inf", r"is no range"),
        ("age", "", "0..1e999", r"is no range"),
        ("age", "", "1_0..20", r"is no range"),
        ("age", "", "9..1", r"begins above its end; write the lower one first"),
    ],
)
def test_what_does_not_fit_is_one_line(column: str, values: str, limits: str, message: str) -> None:
    """What was wrong and what is allowed."""
    with pytest.raises(LonghaulError, match=message):
        amendments.parse(column, values, limits, LEARNED)


def test_an_amended_contract_accepts_just_that() -> None:
    """The new category and the wider range, and nothing beside them; what was learned stays."""
    frame = pd.DataFrame({"plan": ["basic", "student"], "age": [18.0, 120.0]})
    frame["day"] = pd.Timestamp("2020-01-01")
    assert len(contract.check(frame, LEARNED, STRICT).breaches) == 1
    assert len(contract.check(frame, LEARNED, STRICT).reasons) == 1
    more = [Amendment("plan", ("student",)), Amendment("age", (), 100, 120)]
    amended = amendments.amend(LEARNED, more)
    kept = contract.check(frame, amended, STRICT)
    assert (kept.breaches, len(kept.reasons)) == ((), 0)
    worse = frame.assign(plan=["basic", "senior"], age=[17.0, 121.0])
    assert len(contract.check(worse, amended, STRICT).breaches) == 1
    assert contract.check(worse, amended, STRICT).reasons.str.contains("from 18 to 120").all()
    assert LEARNED["plan"]["levels"] == ["basic", "plus"]


def test_a_column_that_is_gone_or_of_another_type_is_no_error() -> None:
    """An amendment outlives the column that it is for."""
    more = [Amendment("gone", ("x",)), Amendment("age", ("x",)), Amendment("plan", (), 0, 1)]
    assert amendments.amend(LEARNED, more) == LEARNED


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4), st.booleans())
def test_an_amendment_is_stored_as_it_is(levels: list[str], numeric: bool) -> None:
    """It comes back from JSON types equal."""
    amendment = Amendment("a", (), -1.5, 2.0) if numeric else Amendment("a", tuple(levels))
    assert Amendment.from_dict(amendment.to_dict()) == amendment
