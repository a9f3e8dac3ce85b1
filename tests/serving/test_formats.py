"""A served model reads rows in every form as the batch reads them, to the bit, or refuses them."""

import json
import re
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel

from longhaul.data import sources
from longhaul.data.forms import declared_forms
from longhaul.features.encoder import Encoder
from longhaul.model.unread import examine
from longhaul.problem import Problem
from longhaul.registry.model_uri import resolve_model
from longhaul.scaffold import infer, problem_file
from longhaul.serving import loaded_model, mlflow_parsing
from longhaul.serving.http_errors import HttpError
from longhaul.serving.loaded_model import LoadedModel
from longhaul.tracking import logged_models
from longhaul.training import candidate
from tests import tables

ROWS = 400


def written() -> pd.DataFrame:
    """The customers' table as a German office writes it."""
    frame = tables.churn(rows_per_month=300)
    frame["seen"] = frame["day"] + pd.Timedelta(hours=7)
    frame["age"] = [f"{age:.1f}".replace(".", ",") if age == age else "" for age in frame["age"]]
    frame["paid"] = [
        f"{1000 + 37 * (n % 97):,.2f}".translate({44: ".", 46: ","}) for n in range(len(frame))
    ]
    frame["region"] = np.resize(["EU", "APAC", "NA", "LATAM"], len(frame))
    frame["day"] = frame["day"].dt.strftime("%d.%m.%Y %H:%M")
    frame["seen"] = frame["seen"].dt.strftime("%Y-%m-%dT%H:%M:%S+02:00")
    return frame.astype({"calls": "str"}).drop(columns="customer")


@pytest.fixture(scope="module")
def problem(shared: Path) -> Problem:
    """What init makes of it."""
    written().to_csv(shared / "kunden.csv", sep=";", index=False)
    raw = sources.read_undeclared("kunden.csv", "", shared)
    inferred = infer.infer(raw.frame, "churned", "kunden.csv", "", "kunden", raw.notes, raw.comma)
    path = shared / "kunden.yaml"
    path.write_text(problem_file.render(inferred))
    return problem_file.parse(path.read_text(), path)


@pytest.fixture(scope="module")
def read(problem: Problem, shared: Path) -> pd.DataFrame:
    return sources.read(problem, shared).frame


@pytest.fixture(scope="module")
def model(problem: Problem, read: pd.DataFrame, shared: Path) -> LoadedModel:
    train, valid = read[:1200], read[1200:1600]
    fitted = candidate.fit(problem, train, valid, "lightgbm", {"iterations": 40}, 0, 1)
    with mlflow.start_run():
        uri = logged_models.log(fitted.package, train.head(3).drop(columns="churned"))
    return loaded_model.load(resolve_model(uri), shared / "shelf-of-formats")


def test_what_init_wrote(problem: Problem) -> None:
    """Formats that a person can read and change."""
    assert problem.time is not None
    assert (problem.time.column, problem.time.zone) == ("day", "+02:00")
    assert dict(problem.columns) == {
        "day": "date %d.%m.%Y %H:%M",
        "calls": "number",
        "plan": "category",
        "age": "number 1234,56",
        "seen": "date",
        "paid": "number 1.234,56",
        "region": "category keep NA",
    }


def columns_of(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {
        str(name): [None if value != value else value for value in column.tolist()]
        for name, column in frame.items()
    }


def times(read: pd.DataFrame, form: str) -> pd.DataFrame:
    """The rows as they were read, with times in one of their forms."""
    frame = read.copy()
    for name in ("day", "seen"):
        instant = frame[name].dt.tz_localize("+02:00")
        if form == "iso":
            frame[name] = frame[name].dt.strftime("%Y-%m-%d %H:%M:%S")
        elif form == "offset":
            frame[name] = instant.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            seconds = instant.dt.tz_convert("UTC").dt.tz_localize(None)
            unit = {"s": 10**9, "ms": 10**6, "us": 10**3}[form]
            frame[name] = seconds.astype("datetime64[ns]").astype("int64") // unit
    return frame


FORMS = ("dataframe_split", "dataframe_records", "inputs", "instances", "csv", "semicolons")
SPELLINGS = ("table", "iso", "offset", "s", "ms", "us")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_equal_to_the_batch_or_refused(
    model: LoadedModel, read: pd.DataFrame, form: str, spelling: str
) -> None:
    """Dates as in the table, as ISO 8601, with an offset, as seconds and so on since 1970."""
    rows = written() if spelling == "table" else times(read, spelling)
    rows = rows.drop(columns="churned").tail(ROWS)
    expected = model.predictor.scores(read.tail(ROWS))
    try:
        scores, unread = ask(model, rows, form)
    except HttpError as error:
        pytest.fail(error.message)
    points = spelling != "table" and form in {"csv", "semicolons"}
    if points:  # the table's numbers have commas
        assert unread
        return
    assert not unread
    assert scores.tobytes() == expected.tobytes()


def ask(model: LoadedModel, frame: pd.DataFrame, form: str) -> tuple[np.ndarray, bool]:
    """Send rows; the scores, and whether some value could not be read."""
    columns = columns_of(frame)
    if form in {"csv", "semicolons"}:
        body = frame.to_csv(index=False, sep="," if form == "csv" else ";").encode()
        response = mlflow_parsing.predict(model, body, "text/csv", 1000)
    else:
        data = [list(row) for row in zip(*columns.values(), strict=True)]
        records = [dict(zip(columns, row, strict=True)) for row in data]
        split = {"columns": list(columns), "data": data}
        forms = {"dataframe_split": split, "inputs": columns}
        sent = forms.get(form, records)
        body = json.dumps({form: sent}).encode()
        rows = model.parse(body)
        if rows is None:
            response = mlflow_parsing.predict(model, body, "application/json", 1000)
        else:
            response = model.predict(rows)
    assert response.rows == len(frame)
    unread, _ = examine(model.request_forms, response.table)
    return model.predictor.task.scores(pd.DataFrame(response.columns)), unread is not None


@pytest.fixture(scope="module")
def stock(model: LoadedModel) -> PyFuncModel:
    return mlflow.pyfunc.load_model(model.model_uri.uri)


@pytest.mark.parametrize("spelling", [*SPELLINGS, "aware", "objects"])
def test_pyfunc_reads_alike(stock: PyFuncModel, read: pd.DataFrame, spelling: str) -> None:
    """Stock servers and Spark call it: the same numbers, from the table's texts too."""
    expected = stock.predict(read.tail(ROWS))
    if spelling in {"table", "objects"}:
        rows = written().tail(ROWS).astype(object if spelling == "objects" else {})
    elif spelling == "aware":
        rows = read.tail(ROWS).assign(day=read["day"].dt.tz_localize("+02:00"))
    else:
        rows = times(read, spelling).tail(ROWS)
    pd.testing.assert_frame_equal(stock.predict(rows), expected, check_exact=True)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("age", "viel", "row 1, column 'age': a text like 'aaaa', expected a number such as"),
        ("age", "45.5", "row 1, column 'age'"),
        ("age", float("inf"), "row 1, column 'age'"),
        ("paid", "1,110.37", "row 1, column 'paid'"),
        ("day", "12/31/2022", "row 1, column 'day': a text like '99/99/9999'"),
        ("day", 17, "row 1, column 'day': a "),
        ("seen", True, "row 1, column 'seen': a bool"),
        ("plan", ["a"], "row 1, column 'plan': a list, expected a text"),
        ("calls", {"a": 1}, "row 1, column 'calls': a dict"),
        ("calls", b"three", "row 1, column 'calls': a bytes"),
    ],
)
def test_pyfunc_refuses_what_it_cannot_read(
    stock: PyFuncModel,
    read: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    column: str,
    value: Any,
    message: str,
) -> None:
    """Row and column are named; those who set a variable have the rest predicted."""
    rows = read.tail(3).astype(object)
    rows[column] = pd.Series([None, value, None], rows.index, dtype=object)
    with pytest.raises(MlflowException, match=re.escape(message)):
        stock.predict(rows)
    monkeypatch.setenv("LONGHAUL_ON_UNREADABLE", "count")
    missing = stock.predict(rows.assign(**{column: None}))
    if column != "plan":  # a category that is no text is one that is not known
        pd.testing.assert_frame_equal(stock.predict(rows), missing)


def test_pyfunc_refuses_rows_of_another_table(stock: PyFuncModel) -> None:
    """MLflow drops their columns, and then there are no rows to count."""
    with pytest.raises(MlflowException, match="no column of the rows is one of the model's"):
        stock.predict(pd.DataFrame({"other": [1, 2]}))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"age": "45.5"},
            r"row 0, column 'age': a text like '99\.9', expected a number such as 1234,56",
        ),
        ({"age": "viel"}, r"column 'age': a text like 'aaaa'"),
        (
            {"day": "12/31/2022"},
            r"column 'day': a text like '99/99/9999', expected a time: %d\.%m\.%Y",
        ),
        ({"day": "31.13.2022 19:00"}, r"column 'day': a text like '99\.99\.9999 99:99'"),
        ({"seen": 17}, "column 'seen': a int, expected a time: ISO 8601"),
        ({"calls": "1e400"}, "column 'calls'"),
        ({"calls": "--5"}, "column 'calls'"),
        ({"calls": "4_128"}, "column 'calls'"),
        ({"calls": "89E8"}, "column 'calls'"),
        ({"calls": [3]}, "column 'calls': a list"),
        ({"paid": "1'110.37"}, "column 'paid'"),
        ({"paid": "1.110,37 kg"}, "column 'paid'"),
        ({"paid": "5%"}, "column 'paid'"),
        ({"paid": "١٢"}, "column 'paid'"),
        ({"age": "true"}, "column 'age'"),
        ({"day": True}, "column 'day': a bool"),
        ({"day": 1e20}, "column 'day': a float"),
        ({"day": "2022-12-31T25:00"}, "column 'day'"),
        ({"plan": ["basic"]}, "column 'plan': a list, expected a text"),
        ({"region": {"a": 1}}, "column 'region': a dict, expected a text"),
    ],
)
def test_unreadable_values_are_named(model: LoadedModel, row: dict[str, Any], message: str) -> None:
    """Row, column, shape and what is expected; not the value itself."""
    body = json.dumps({"dataframe_records": [{"plan": "basic", **row}]}).encode()
    rows = model.parse(body)
    sent = rows or mlflow_parsing.predict(model, body, "application/json", 1)
    unread, _ = examine(model.request_forms, sent.table)
    assert unread is not None
    assert re.search(message, str(unread)), str(unread)


@pytest.mark.parametrize("value", [None, "", " ", "NA", "-", "?", "null"])
def test_blanks_are_missing(model: LoadedModel, value: str | None) -> None:
    """As they are in the table."""
    body = json.dumps({"dataframe_records": [{"age": value, "day": value}]}).encode()
    rows = model.parse(body)
    assert rows is not None
    assert examine(model.request_forms, rows.table)[0] is None


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b'{"dataframe_records": [{"Age": "1"}]}', "application/json", "'age'"),
        (b'{"dataframe_split": {"columns": ["plan", " age"], "data": [["a", "1"]]}}',
         "application/json", "'age'"),
        (b"Age,plan\n1,a\n", "text/csv", "'age'"),
        (b"x;y\n1;2\n", "text/csv", "no column of the rows is one of the model's"),
        (b'{"dataframe_records": [{"other": 1}]}', "application/json", "no column of the rows"),
        (b'{"inputs": {"other": [1]}}', "application/json", "no column of the rows"),
        (b'{"inputs": {"AGE": ["1"], "plan": ["a"]}}', "application/json", "'age'"),
        (b'{"instances": {"age\xc2\xa0": ["1"], "plan": ["a"]}}', "application/json", "'age'"),
        (b'{"instances": [{"a\xe2\x80\x8bge": "1", "plan": "a"}]}', "application/json", "'age'"),
        (b'{"instances": {"other": ["1"]}}', "application/json", "no column of the rows"),
        (b"\xef\xbb\xbfage ;plan\n1;a\n", "text/csv", "'age'"),
        (b"age\n", "text/csv", "no rows"),
        (b"age,plan\n1\n", "text/csv", "fields, but the header"),
    ],
)  # fmt: skip
def test_columns_are_named(model: LoadedModel, body: bytes, kind: str, message: str) -> None:
    """A name in another spelling, and rows without any column of the model."""
    if kind != "text/csv":
        assert model.parse(body) is None
    with pytest.raises(HttpError) as refused:
        mlflow_parsing.predict(model, body, kind, 1000)
    assert refused.value.status == 400
    assert message in refused.value.message


def test_the_encoder_keeps_the_formats(problem: Problem, read: pd.DataFrame) -> None:
    """On its way through JSON; an older one without formats reads as it did."""
    encoder = Encoder.fit(read, ["age", "day", "region"], forms=declared_forms(problem))
    again = Encoder.from_json(encoder.to_json())
    assert again == encoder
    state = json.loads(encoder.to_json())
    for column in state["columns"]:
        del column["format"]
    older = Encoder.from_json(json.dumps(state))
    frame = read.assign(region="EU").tail(ROWS)
    np.testing.assert_array_equal(older.transform(frame), encoder.transform(frame))
    texts = pd.DataFrame(
        {"age": ["$1,200"], "day": ["2020-01-01T10:00:00+05:00"], "region": ["NA"]}
    )
    matrix = older.transform(texts)
    assert matrix[0, 0] == 1200
    assert matrix[0, 1] == 600
