"""Outcomes that come as a table: by key, the last row counts, and nothing is guessed."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.data.sources import refuse_uri
from longhaul.errors import LonghaulError
from longhaul.problem import Problem, Target
from longhaul.traffic import outcome_table
from tests import tables

BINARY = Target("churned", positive="yes")
CLASSES = Target("churned", "multiclass", classes=("No", "Yes", "Maybe"))
NUMBER = Target("churned", "regression")


@pytest.fixture(scope="module")
def problem(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """The problem of customers, who have a key."""
    declared = tables.problem(tmp_path_factory.mktemp("problem"))
    return replace(declared, key="customer", leave_out=())


def read(folder: Path, text: str, problem: Problem, target: Target = BINARY) -> dict[str, str]:
    """Write a CSV and read it; values by key."""
    (folder / "told.csv").write_text(text)
    told = outcome_table.read("told.csv", "", replace(problem, target=target), folder, refuse_uri)
    return dict(zip(told.frame["key"], told.frame["value"], strict=True))


@pytest.mark.parametrize(
    ("target", "text", "values"),
    [
        (BINARY, "customer,churned\n7,YES\n8,no\n9,\n", {"7": "true", "8": "false"}),
        (CLASSES, "customer,churned\na,Yes\nb,Maybe\n", {"a": "Yes", "b": "Maybe"}),
        (NUMBER, "churned;customer\n1,5;a\n-2;b\n", {"a": "1.5", "b": "-2.0"}),
    ],
)
def test_values_are_those_of_the_target(
    tmp_path: Path, problem: Problem, target: Target, text: str, values: dict[str, str]
) -> None:
    """Of two classes, of several, and numbers as the table writes them; a blank tells nothing."""
    assert read(tmp_path, text, problem, target) == values


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", "007"]), st.sampled_from(["yes", "no"])),
        min_size=1,
    )
)
def test_the_last_row_of_a_key_counts(
    tmp_path_factory: pytest.TempPathFactory, problem: Problem, rows: list[tuple[str, str]]
) -> None:
    """As a dictionary is filled; repeated and corrected ones are counted."""
    folder = tmp_path_factory.mktemp("told")
    pd.DataFrame(rows, columns=["customer", "churned"]).to_csv(folder / "told.csv", index=False)
    told = outcome_table.read("told.csv", "", problem, folder, refuse_uri)
    expected = {key: {"yes": "true", "no": "false"}[value] for key, value in rows}
    assert dict(zip(told.frame["key"], told.frame["value"], strict=True)) == expected
    assert told.repeated == len(rows) - len(expected)
    differing = {key for key, _ in rows if len({v for k, v in rows if k == key}) > 1}
    assert told.corrected == len(differing)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("who,churned\n1,yes\n", "has no column 'customer'; it has 'who', 'churned'"),
        ("customer,churned\n,yes\n2,no\n", "1 outcomes without a 'customer'"),
    ],
)
def test_what_is_no_outcome_is_one_line(
    tmp_path: Path, problem: Problem, text: str, line: str
) -> None:
    """A column that lacks, and an outcome of nobody."""
    with pytest.raises(LonghaulError, match=line) as raised:
        read(tmp_path, text, problem)
    assert "\n" not in str(raised.value)


def test_a_number_that_is_none_is_one_line(tmp_path: Path, problem: Problem) -> None:
    """It is not taken for missing."""
    declared = replace(problem, columns={"churned": "number"})
    with pytest.raises(LonghaulError, match="1 values of 'churned' that are no number: 'lots'"):
        read(tmp_path, "customer,churned\na,1\nb,lots\n", declared, NUMBER)
