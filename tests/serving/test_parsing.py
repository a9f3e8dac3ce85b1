"""The fast way through a request says what MLflow's own server says, bit for bit, or nothing."""

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow.pyfunc import PyFuncModel, scoring_server

from longhaul.model.unread import examine
from longhaul.registry.model_uri import resolve_model
from longhaul.serving import loaded_model, mlflow_parsing
from longhaul.serving.http_errors import HttpError
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.response import PredictionResponse
from longhaul.tracking import logged_models
from tests import packages, tables
from tests.serving.services import ROWS

JSON = "application/json"
MOST = 1000

NUMBER = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["3", " 4.5 ", "1_0", "many", "", "1e400", 10**30, -0.0]),
)
TEXT = st.none() | st.text(max_size=5) | st.sampled_from(["basic", "plus", "3", "None", "nan"])
DATE = st.one_of(
    st.none(),
    st.datetimes().map(str),
    st.dates().map(str),
    st.sampled_from(["2020-05-01T10:30:00Z", "2020-05-01T10:30:00.5+02:00", "now", "May", ""]),
)
WRONG = st.sampled_from([3, 2.5, True, ["a"], {"a": 1}])
COLUMNS = {"day": DATE, "calls": NUMBER, "plan": TEXT, "age": NUMBER, "other": NUMBER | WRONG}
RECORD = st.fixed_dictionaries({}, optional=COLUMNS)
BAD_RECORD = st.fixed_dictionaries({}, optional={**COLUMNS, "plan": WRONG, "age": WRONG})


@pytest.fixture(scope="module")
def uri(shared: Path) -> str:
    with mlflow.start_run():
        example = tables.churn(3).drop(columns=["customer", "churned"])
        return logged_models.log(packages.fit(shared).package, example)


@pytest.fixture(scope="module")
def model(uri: str, shared: Path) -> LoadedModel:
    return loaded_model.load(resolve_model(uri), shared / "shelf")


@pytest.fixture(scope="module")
def stock(uri: str) -> PyFuncModel:
    return mlflow.pyfunc.load_model(uri)


@st.composite
def documents(draw: st.DrawFn, record: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """A request in one of the two forms; in the second all rows have the same columns."""
    records = draw(st.lists(record, min_size=1, max_size=4))
    if draw(st.booleans()):
        return {"dataframe_records": records}
    names = draw(st.permutations(sorted(set().union(*records))))
    data = [[record.get(name) for name in names] for record in records]
    return {"dataframe_split": {"columns": names, "data": data}}


def ask(stock: PyFuncModel, body: bytes) -> list[dict[str, Any]] | None:
    """What MLflow's server answers; None where it refuses."""
    try:
        told = scoring_server.invocations(body, JSON, stock, stock.metadata.get_input_schema())
    except Exception:
        return None
    return json.loads(told.response)["predictions"]


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents(RECORD) | documents(BAD_RECORD))
def test_same_as_stock(model: LoadedModel, stock: PyFuncModel, document: dict[str, Any]) -> None:
    """Whatever is sent, the answer is that of MLflow's server; what it refuses is refused."""
    body = json.dumps(document).encode()
    expected, rows = ask(stock, body), model.parse(body)
    if rows is not None:
        assert answered(model, model.predict(rows)) == expected
    try:
        response = mlflow_parsing.predict(model, body, JSON, MOST)
    except HttpError:
        assert expected is None
    else:
        assert answered(model, response) == expected


def answered(model: LoadedModel, response: PredictionResponse) -> list[dict[str, Any]] | None:
    """The predictions of a response; None where a value cannot be read, which is refused."""
    unread, _ = examine(model.request_forms, response.table)
    return None if unread else json.loads(response.body)["predictions"]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents(RECORD))
def test_plain_rows_take_the_fast_way(model: LoadedModel, document: dict[str, Any]) -> None:
    """Rows with values of the kinds that the model knows are read, and encoded as by pandas."""
    body = json.dumps(document).encode()
    split = document.get("dataframe_split", {"columns": []})
    sent = set(split["columns"]).union(*document.get("dataframe_records", []))
    rows = model.parse(body)
    if rows is None:  # no feature was sent, or what is left to MLflow: half a character, an object
        odd = "\\ud" in body.decode() or '{"a"' in body.decode()
        assert odd or not sent & set(model.column_types)
        return
    frame = pd.DataFrame({name: pd.Series(rows.table[name], dtype=object) for name in rows.table})
    encoder = model.predictor.encoder
    expected = encoder.transform(frame.reindex(range(rows.length)))
    found = encoder.encode(rows.table, rows.length)
    assert expected.view(np.int32).tolist() == found.view(np.int32).tolist()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"dataframe_records": []}',
        b'{"dataframe_records": [{}]}',
        b'{"dataframe_records": [1]}',
        b'{"dataframe_records": [{"other": 1}]}',
        b'{"dataframe_records": [{"plan": 3}]}',
        b'{"dataframe_records": [{"plan": "a"}], "params": {"reasons": 1}}',
        b'{"dataframe_split": {"columns": ["age"], "data": []}}',
        b'{"dataframe_split": {"columns": ["age"], "data": [[1, 2]]}}',
        b'{"dataframe_split": {"columns": ["age"], "data": [[1], [1, 2]]}}',
        b'{"dataframe_split": {"columns": ["age", "age"], "data": [[1, 2]]}}',
        b'{"dataframe_split": {"columns": ["age"], "index": [7], "data": [[1]]}}',
        b'{"dataframe_split": {"columns": [["age"]], "data": [[1]]}}',
        b'{"dataframe_split": {"columns": ["age"], "data": [{"age": 1}]}}',
        b'{"dataframe_records": [{"age": 1, "age": 2}]}',
        b'{"dataframe_records": [{"plan": "a\\":1"}]}',
        b'{"inputs": {"age": [1]}}',
    ],
)
def test_left_to_mlflow(model: LoadedModel, body: bytes) -> None:
    """What is not plain is not guessed at."""
    assert model.parse(body) is None


def test_columns_are_looked_up_anew(model: LoadedModel) -> None:
    """That a client's columns are remembered does not show when the next client sends others."""
    alone = {"columns": ["age", "plan"], "data": [[1, "a"]]}
    swapped = {"columns": ["plan", "age"], "data": [["a", 1]]}
    for split in (alone, swapped, alone):
        rows = model.parse(json.dumps({"dataframe_split": split}).encode())
        assert rows is not None
        assert (rows.table["age"], rows.table["plan"]) == ((1,), ("a",))


def test_csv_reads_texts(model: LoadedModel) -> None:
    """In CSV a category that looks like a number stays a text; the numbers are those of JSON."""
    frame = pd.DataFrame(ROWS)
    csv = mlflow_parsing.predict(model, frame.to_csv(index=False).encode(), "text/csv", MOST)
    rows = model.parse(json.dumps({"dataframe_records": ROWS}).encode())
    assert rows is not None
    assert model.predict(rows).columns == csv.columns
    odd = mlflow_parsing.predict(model, b"plan,age\n01,7\n", "text/csv; charset=utf-8", MOST)
    assert odd.table["plan"] == ["01"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"dataframe_records": [{"age": 1}], "params": {"reasons": "x"}}', JSON, 400),
        (b'{"dataframe_records": [{"age": 1}], "params": 3}', JSON, 400),
        (b'{"dataframe_records": [{"age": 1}], "inputs": {}}', JSON, 400),
        (b'{"messages": []}', JSON, 400),
        (b'{"dataframe_records": [{"age": 1, "age": 2}]}', JSON, 400),
        (b'{"dataframe_records": [{}, {}]}', JSON, 400),
        (b'{"dataframe_records": [{"age": 1}, 3]}', JSON, 400),
        (b'{"dataframe_records": {"age": [1]}}', JSON, 400),
        (b'{"dataframe_split": {"columns": ["age", "plan"], "data": [[1, "a"], [2]]}}', JSON, 400),
        (b'{"dataframe_split": {"columns": ["age", "age"], "data": [[1, 2]]}}', JSON, 400),
        (b'{"dataframe_split": {"columns": ["age"], "index": [1, 2], "data": [[1]]}}', JSON, 400),
        (b'{"dataframe_split": {"data": [[1, "a"]]}}', JSON, 400),
        (b'{"inputs": [[1, "a"]]}', JSON, 400),
        (b'{"inputs": "age"}', JSON, 400),
        (b'{"inputs": {"age": [1, 2], "plan": ["a"]}}', JSON, 400),
        (b'{"instances": {"age": [1], "plan": "a"}}', JSON, 400),
        (b'{"instances": {"other": [1, 2]}}', JSON, 400),
        (b'{"instances": {"Age": [1], "plan": ["a"]}}', JSON, 400),
        (b'{"instances": [{}, {}]}', JSON, 400),
        (b'{"instances": null}', JSON, 400),
        (b"age,plan\n1\n", "text/csv", 400),
        (b"age;plan\n1;a;2\n", "text/csv", 400),
        (b"age,age\n1,2\n", "text/csv", 400),
        (b"[" * 100_000, JSON, 400),
        (b"\xff", "text/csv", 400),
        (b"age\n1\n", "text/csv; charset=latin-1", 415),
        (b"age\n1\n", "text/csv; x=y", 415),
        (b"PAR1", "application/vnd.apache.parquet", 415),
        (b"age\n" + b"1\n" * (MOST + 1), "text/csv", 413),
    ],
)
def test_refused(model: LoadedModel, body: bytes, kind: str, status: int) -> None:
    """One refusal with a status, whatever MLflow's parsing made of it."""
    with pytest.raises(HttpError) as caught:
        mlflow_parsing.predict(model, body, kind, MOST)
    assert status == caught.value.status


@pytest.mark.parametrize(
    ("body", "kind", "rows"),
    [
        (b'{"instances": [{"age": 1}, {"plan": "a"}]}', JSON, 2),
        (b'{"instances": [{"age": 1}, {"age": 2, "plan": "a"}]}', JSON, 2),
        (b'{"instances": {"age": [1, 2, null]}}', JSON, 3),
        (b'{"instances": {"age": 1, "plan": "a"}}', JSON, 1),
        (b'{"inputs": [{"age": 1}, {}]}', JSON, 2),
        (b'{"inputs": {"age": [1, 2], "other": [[1], {}]}}', JSON, 2),
        (b'{"dataframe_records": [{"age": 1}, {}]}', JSON, 2),
        (b'{"dataframe_split": {"columns": ["age"], "index": [7], "data": [[1]]}}', JSON, 1),
        (b"age\n1\n\n3\n\n\n", "text/csv", 3),
        (b"plan;age\n;\n;\n", "text/csv", 2),
        (b'age\n""\n""\n', "text/csv", 2),
    ],
)
def test_no_row_is_lost(model: LoadedModel, body: bytes, kind: str, rows: int) -> None:
    """As many predictions as rows, whatever is missing in them."""
    assert mlflow_parsing.predict(model, body, kind, MOST).rows == rows
