"""Fallback path: requests in every form of MLflow's scoring protocol, parsed by MLflow itself.

It takes JSON that `longhaul.serving.parsing` leaves, tensors and parameters, through the function
behind the server that ``mlflow.pyfunc.scoring_server.init`` builds, so that requests are
accepted, and answered, as MLflow accepts and answers them.
"""

import json
from typing import Any

import pandas as pd
from mlflow.pyfunc import PyFuncModel, scoring_server

from longhaul.model import payload, predictions
from longhaul.serving import column_names, table_form
from longhaul.serving.http_errors import HttpError, invalid_input
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.response import PredictionResponse, to_list

JSON, CSV = scoring_server.CONTENT_TYPE_JSON, scoring_server.CONTENT_TYPE_CSV
_FORMS = ("dataframe_split", "dataframe_records", "inputs", "instances")
_UNFIT = (
    "the rows do not fit the model: texts and dates are strings, numbers are numbers or strings,"
    " and all rows have the same columns; GET /openapi.json has the schema"
)


class _RememberingModel:
    """Model as MLflow expects it, which keeps the frame it was given and the prediction columns."""

    def __init__(self, model: LoadedModel, max_rows: int):
        self.model, self.max_rows = model, max_rows
        self.error: HttpError | None = None
        self.frame = pd.DataFrame()
        self.columns: dict[str, Any] = {}

    def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predict a frame that MLflow has checked against the signature."""
        if len(data) > self.max_rows:
            self.error = too_many_rows(len(data), self.max_rows)
            raise self.error
        self.frame = data
        predictor = self.model.predictor
        predicted = predictor.predict(data, (params or {}).get("reasons", 0))
        names = [name for name in predictor.task.schema if name in predicted]
        self.columns = {name: predicted[name] for name in names}
        if predictor.task_type == "binary":
            times = predictions.times_of(data, self.model.problem)
            self.columns = self.model.correct(predictor.task.scores(predicted), times)
        return predicted.assign(**{name: self.columns[name] for name in names})


def predict(
    model: LoadedModel, body: bytes, content_type: str, max_rows: int
) -> PredictionResponse:
    """Predict the rows of a request.

    Parameters
    ----------
    model : LoadedModel
    body : bytes
    content_type : str
        Such as ``text/csv``, with or without a charset.
    max_rows : int
        In one request.

    Raises
    ------
    HttpError
        When MLflow refuses it.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in {JSON, CSV}:
        raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", f"send {JSON} or {CSV}")
    if media_type == CSV:
        return _predict_csv(model, body, content_type, max_rows)
    data = table_form.normalize(_parse_json(body))
    column_names.require_features(table_form.names(data), model.request_types)
    remembering = _RememberingModel(model, max_rows)
    # PyFuncModel checks the rows against the signature before it predicts.
    pyfunc = PyFuncModel(model.metadata, remembering)
    try:
        schema = model.metadata.get_input_schema()
        answer = scoring_server.invocations(data, content_type, pyfunc, schema)
    except Exception:  # MLflow's parsing has many ways to fail, all of them the request's
        raise remembering.error or invalid_input(_UNFIT) from None
    if len(remembering.frame) < table_form.count(data):
        raise invalid_input(_UNFIT)
    if answer.status != 200:
        raise HttpError(answer.status, "UNSUPPORTED_MEDIA_TYPE", f"send UTF-8 as {JSON} or {CSV}")
    return _response(remembering, answer.response.encode())


def _predict_csv(
    model: LoadedModel, body: bytes, content_type: str, max_rows: int
) -> PredictionResponse:
    """Predict the rows of a CSV: everything is text there, and read in the table's formats."""
    charset = content_type.partition(";")[2].strip().lower()
    if charset not in {"", "charset=utf-8", 'charset="utf-8"'}:
        raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", f"send UTF-8 as {JSON} or {CSV}")
    try:
        rows = model.parse_csv(body.decode())
    except UnicodeDecodeError:
        raise invalid_input("the body is not UTF-8") from None
    if rows.length > max_rows:
        raise too_many_rows(rows.length, max_rows)
    if not rows.length:
        raise invalid_input("the body has no rows")
    return model.predict(rows)


def too_many_rows(count: int, max_rows: int) -> HttpError:
    """Return the error for more rows than one request may have."""
    message = f"{count} rows in one request, at most {max_rows}: send them in several requests"
    return HttpError(413, "TOO_MANY_ROWS", message)


def _parse_json(body: bytes) -> dict[str, Any]:
    """Parse the JSON object of a body; refuse all but MLflow's forms."""
    try:
        document = json.loads(body, object_pairs_hook=_distinct)
    except RecursionError:
        raise invalid_input("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise invalid_input(f"the body is not JSON, from {where} on") from None
    except ValueError:
        raise invalid_input("the body is not JSON in UTF-8") from None
    forms = [form for form in _FORMS if isinstance(document, dict) and form in document]
    if len(forms) != 1:
        raise invalid_input(
            f"the body is not a JSON object with exactly one of {', '.join(_FORMS)}"
        )
    params = document.get("params")
    if not isinstance(params, dict | None):
        raise invalid_input("params is not a JSON object")
    return {forms[0]: document[forms[0]], "params": params}


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of some pairs; refuse one with two values of one name."""
    read = dict(pairs)
    if len(read) < len(pairs):
        raise invalid_input("a JSON object has two values of one name: send each once")
    return read


def _response(remembering: _RememberingModel, body: bytes) -> PredictionResponse:
    columns = {name: to_list(column) for name, column in remembering.columns.items()}
    return PredictionResponse(payload.columns(remembering.frame), columns, body)
