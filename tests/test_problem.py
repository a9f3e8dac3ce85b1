"""A problem is declared in YAML, and a mistake in it is answered in one line."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from longhaul import problem_yaml
from longhaul.errors import LonghaulError

FLIGHTS = Path(__file__).resolve().parents[1] / "problems" / "flights.yaml"

DECLARED: dict[str, Any] = {
    "name": "churn",
    "source": "churn.csv",
    "target": {"column": "churned", "positive": "yes"},
    "time": {"column": "day", "period": "month"},
    "windows": {
        "train": ["2020-01", "2020-06"],
        "valid": ["2020-07", "2020-07"],
        "test": ["2020-08", "2020-08"],
        "production": ["2020-09", "2020-12"],
    },
}


def declared(*keys: str, value: Any) -> dict[str, Any]:
    """The declaration above with one value changed."""
    changed = copy.deepcopy(DECLARED)
    place = changed
    for key in keys[:-1]:
        place = place.setdefault(key, {})
    place[keys[-1]] = value
    return changed


def test_the_problem_that_ships_is_whole() -> None:
    """The flights are declared, and survive being written and read again."""
    flights = problem_yaml.load(FLIGHTS)
    assert flights.windows.test == ("2013-06", "2013-06")
    assert problem_yaml.parse(yaml.safe_load(problem_yaml.dump(flights)), "again") == flights


def test_kind_of_older_files_is_read() -> None:
    """The task type was once called kind; it is read under both names, and written under one."""
    older = problem_yaml.parse(declared("target", "kind", value="regression"), "older")
    assert older.target.task_type == "regression"
    assert yaml.safe_load(problem_yaml.dump(older))["target"]["task_type"] == "regression"
    both = declared("target", "kind", value="regression")
    both["target"]["task_type"] = "binary"
    with pytest.raises(LonghaulError, match=r"target\.kind: unknown key; allowed here are column"):
        problem_yaml.parse(both, "both")


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6), st.integers(1, 10**6))
def test_written_and_read_again_is_the_same(positive: float, negative: float, rows: int) -> None:
    """No figure is lost on the way through YAML."""
    costs = {"false_positive": positive, "false_negative": negative}
    one = problem_yaml.parse({**DECLARED, "costs": costs, "gate": {"min_rows": rows}}, "one")
    assert problem_yaml.parse(yaml.safe_load(problem_yaml.dump(one)), "again") == one


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (["nmae"], "x", "nmae: unknown key; allowed here are name, source"),
        (["costs", "fp"], "1", "costs.fp: unknown key; allowed here are false_positive"),
        (["costs", "false_positive"], "cheap", "costs.false_positive: .* found 'cheap'"),
        (["costs", "false_positive"], "-1", "costs.false_positive: .*greater than 0; found '-1'"),
        (["time", "period"], "fortnight", "time.period: .*'month'.*; found 'fortnight'"),
        (["name"], "a b", "name: .*; found 'a b'"),
        (["target"], "late", "target: .*; found 'late'"),
        (["gate", "min_rows"], "many", "gate.min_rows: .*integer.*; found 'many'"),
        (["gate", "confidence"], "nan", "gate.confidence: .*; found 'nan'"),
        (
            ["windows", "test"],
            ["2020-07", "2020-08"],
            "windows: test starts at 2020-07, but valid before it ends",
        ),
        (["windows", "test"], ["2020-09", "2020-08"], "windows: test ends .* before it starts"),
        (["leave_out"], "id", "leave_out: .*; found 'id'"),
    ],
)
def test_a_mistake_names_key_found_and_allowed(keys: list[str], value: Any, message: str) -> None:
    """One line, with the file, the key, what is allowed there and what was found."""
    with pytest.raises(LonghaulError, match=f"^churn.yaml: {message}") as caught:
        problem_yaml.parse(declared(*keys, value=value), "churn.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "expected keys and values"),
        ("a: [", "not valid YAML"),
        ("", "expected keys"),
        ("hello", "expected keys"),
        ("name: a\ngate:\n\tmin_rows: 3\n", "line 3, column 1: .*; indent with blanks"),
        ("name: a\nsource: b\nname: c\n", "line 3, column 1: 'name' is there twice"),
        ("gate: {min_rows: 3, min_rows: 4}", "line 1, column 21: 'min_rows' is there twice"),
        ("columns: {a: number, 'a': category}", "'a' is there twice"),
        ("name: 'a\n", "line 2, column 1"),
        ("slices: *x\n", "line 1, column 9: found undefined alias 'x'"),
        ("a: &a [*a]\n", "recursive"),
        ("name: a\n---\nname: b\n", "another document"),
        ("? [a]\n: b\n", "not valid YAML: line 1"),
        ("name: a\0b\n", "unacceptable character"),
    ],
)
def test_not_a_problem_at_all(tmp_path: Path, text: str, message: str) -> None:
    """A file that is something else is said to be."""
    path = tmp_path / "churn.yaml"
    path.write_text(text)
    with pytest.raises(LonghaulError, match=message) as caught:
        problem_yaml.load(path)
    assert "\n" not in str(caught.value)


def test_no_such_file(tmp_path: Path) -> None:
    """A missing file is named."""
    with pytest.raises(LonghaulError, match=r"nowhere.yaml: no such problem file"):
        problem_yaml.load(tmp_path / "nowhere.yaml")


def test_a_missing_column_is_named_with_those_there_are() -> None:
    """The key that declares it, the column, and the columns of the table."""
    churn = problem_yaml.parse(DECLARED, "churn.yaml")
    churn.require(["churned", "day", "age"])
    with pytest.raises(LonghaulError, match=r"target.column: column 'churned' .* 'day', 'age'"):
        churn.require(["day", "age"])


def test_features_are_all_columns_but_target_and_left_out() -> None:
    """The time column is a feature; the target and what is left out are not."""
    churn = problem_yaml.parse({**DECLARED, "leave_out": ["id"]}, "churn.yaml")
    assert churn.features(["id", "day", "age", "churned"]) == ["day", "age"]
