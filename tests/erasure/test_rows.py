"""Rows of a person go, whatever the column's type; what was cut off is repeated without harm."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.erasure import rows, table_rows, texts
from longhaul.erasure.person import Person
from longhaul.erasure.texts import Redaction
from longhaul.errors import LonghaulError

PERSON = Person("customer", frozenset({"17"}))


def table(path: Path, customers: list[Any], data_type: pa.DataType | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = pa.array(customers, data_type)
    pq.write_table(pa.table({"customer": keys, "x": range(len(customers))}), path)
    return path


def predictions(path: Path, places: list[int]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"row": places, "p": [place / 100 for place in places]}), path)
    return path


@pytest.mark.parametrize(
    ("values", "data_type"),
    [
        (["17", "a", None, "17", "1"], pa.string()),
        (["17", "a", None, "17", "1"], pa.dictionary(pa.int32(), pa.string())),
        ([17, 3, None, 17, 170], pa.int64()),
        ([17.0, 3.5, None, 17.0, 17.5], pa.float64()),
    ],
)
def test_rows_are_matched_as_text(tmp_path: Path, values: list[Any], data_type: Any) -> None:
    """17, 17.0 and the text are one person; type and other rows stay, no dictionary keeps it."""
    file = table(tmp_path / "a.parquet", values, data_type)
    schema = pq.read_schema(file)
    places = rows.find(file, PERSON)
    assert places.tolist() == [0, 3]
    rows.drop(file, places)
    left = pq.read_table(file)
    assert left.schema == schema
    assert left["x"].to_pylist() == [1, 2, 4]
    if pa.types.is_dictionary(data_type):
        assert "17" not in left["customer"].combine_chunks().dictionary.to_pylist()


@given(st.data())
def test_predictions_follow_their_rows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Of several versions; cut off between any two files and repeated, it ends the same."""
    folder = tmp_path_factory.mktemp("store")
    is_person = data.draw(st.lists(st.booleans(), min_size=1, max_size=12))
    versions = data.draw(st.lists(st.integers(0, 2), min_size=len(is_person), max_size=12))
    file = table(folder / "t.parquet", ["17" if person else "a" for person in is_person])
    files = [
        predictions(folder / f"v{number}" / "t.parquet", places)
        for number in range(3)
        if (places := [i for i in range(len(is_person)) if versions[i : i + 1] == [number]])
    ]
    scored = {place for path in files for place in pq.read_table(path)["row"].to_pylist()}
    found = table_rows.find(file, PERSON)
    table_rows.drop_predictions(files[: data.draw(st.integers(0, len(files)))], found)
    table_rows.drop_predictions(files, table_rows.find(file, PERSON))
    found.drop()
    kept = pq.read_table(file)["x"].to_pylist()
    for path in files:
        left = pq.read_table(path).to_pydict()
        assert [kept[row] / 100 for row in left["row"]] == left["p"]
    left_rows = sum(pq.read_metadata(path).num_rows for path in files)
    assert left_rows == len(scored & set(kept))


def test_predictions_of_another_table_are_refused(tmp_path: Path) -> None:
    """They would name other rows than before."""
    file = table(tmp_path / "t.parquet", ["17", "a"])
    scored = predictions(tmp_path / "p" / "t.parquet", [0, 1, 2])
    with pytest.raises(LonghaulError, match="predictions of rows that the table has not"):
        table_rows.drop_predictions([scored], table_rows.find(file, PERSON))


def test_short_numbers_stay_in_texts() -> None:
    """Else figures would be lost; distinct values go as words, also as JSON and HTML write them."""
    assert Redaction(PERSON, []).apply("17 rows") == "17 rows"
    redaction = Redaction(Person("customer", frozenset({"Möller", "c17"})), ["age < 3"])
    for text in ("Möller", json.dumps("Möller")[1:-1], "c17", "age < 3", "age &lt; 3"):
        assert redaction.apply(f"({text})") == "(forgotten)"
    assert redaction.apply("c17-b xc17 c170") == "c17-b xc17 c170"


def test_examples_are_blanked(tmp_path: Path) -> None:
    """The row of the person, of which numbers and times are written in another way."""
    people = pd.DataFrame(
        {"day": [pd.Timestamp("2020-07-01 10:30")], "age": [30.0], "plan": [None], "customer": "17"}
    )
    rows_of_example = [["2020-07-01T10:30:00", 30, None], ["2020-07-01T10:30:00", 31, None]]
    file = tmp_path / "input_example.json"
    document = {"dataframe_split": {"columns": ["day", "age", "plan"], "data": rows_of_example}}
    file.write_text(json.dumps(document))
    assert texts.blank_example(file, people) == 1
    data = json.loads(file.read_text())["dataframe_split"]["data"]
    assert data == [[None] * 3, rows_of_example[1]]
    assert np.ndim(data) == 2
