"""Requests in every form that MLflow's scoring server knows, read by MLflow itself.

This is the long way: JSON that is not plain, CSV, tensors, parameters. It goes through the
function behind the server that ``mlflow.pyfunc.scoring_server.init`` builds, so that what it
accepts, and what it answers, is what MLflow accepts and answers.
"""

import json
from typing import Any

import pandas as pd
from mlflow.pyfunc import PyFuncModel, scoring_server
from mlflow.types import ColSpec, DataType, Schema

from longhaul.model import payload
from longhaul.serving.http_errors import HttpError, invalid_input
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.response import PredictionResponse

JSON, CSV = scoring_server.CONTENT_TYPE_JSON, scoring_server.CONTENT_TYPE_CSV
_FORMS = ("dataframe_split", "dataframe_records", "inputs", "instances")
_UNFIT = (
    "the rows do not fit the model: texts and dates are strings, numbers are numbers or strings,"
    " and all rows have the same columns; GET /openapi.json has the schema"
)


class _Listener:
    """What MLflow takes for a model: it predicts, and remembers what it was asked."""

    def __init__(self, model: LoadedModel, most: int):
        self.served, self.most = served, most
        self.refusal: HttpError | None = None
        self.frame = pd.DataFrame()
        self.predicted = pd.DataFrame()

    def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predict a frame that MLflow has held to the signature."""
        if len(data) > self.most:
            self.refusal = too_many_rows(len(data), self.most)
            raise self.refusal
        self.frame = data
        self.predicted = self.model.predictor.predict(data, (params or {}).get("reasons", 0))
        return self.predicted


def predict(model: LoadedModel, body: bytes, content_type: str, most: int) -> PredictionResponse:
    """Predict the rows of a request.

    Parameters
    ----------
    served : Served
    body : bytes
    content_type : str
        Such as ``text/csv``, with or without a charset.
    most : int
        Rows to predict in one request.

    Raises
    ------
    Refusal
        When MLflow refuses it.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in {JSON, CSV}:
        raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", f"send {JSON} or {CSV}")
    data: Any = _document(body) if kind == JSON else body
    listener = _Listener(served, most)
    # PyFuncModel holds the rows to the signature before it lets the listener predict.
    model = PyFuncModel(model.metadata, listener)
    try:
        told = scoring_server.invocations(data, content_type, model, _schema(served, kind))
    except Exception:  # MLflow's parsing has many ways to fail, all of them the request's
        raise listener.refusal or invalid_input(_UNFIT) from None
    if told.status != 200:
        raise HttpError(told.status, "UNSUPPORTED_MEDIA_TYPE", f"send UTF-8 as {JSON} or {CSV}")
    return _answer(listener, told.response.encode())


def _schema(model: LoadedModel, kind: str) -> Schema:
    """What MLflow is to take the columns for, before it holds them to the signature.

    In CSV everything is text, which the encoder reads: MLflow would refuse columns that may be of
    any type, and take categories such as 01 for numbers.
    """
    if kind == JSON:
        return model.metadata.get_input_schema()
    return Schema([ColSpec(DataType.string, name, required=False) for name in model.column_types])


def too_many_rows(count: int, most: int) -> HttpError:
    """More rows than one request may have."""
    message = f"{count} rows in one request; at most {most} are taken: send them in parts"
    return HttpError(413, "TOO_MANY_ROWS", message)


def _document(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, if it has one of MLflow's forms."""
    try:
        document = json.loads(body)
    except RecursionError:
        raise invalid_input("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise invalid_input(f"the body is not JSON, from {where} on") from None
    except ValueError:
        raise invalid_input("the body is not JSON in UTF-8") from None
    forms = [form for form in _FORMS if isinstance(document, dict) and form in document]
    if len(forms) != 1:
        raise invalid_input(f"the body is not a JSON object with exactly one of {', '.join(_FORMS)}")
    params = document.get("params")
    if not isinstance(params, dict | None):
        raise invalid_input("params is not a JSON object")
    return {forms[0]: document[forms[0]], "params": params}


def _answer(listener: _Listener, body: bytes) -> PredictionResponse:
    frame, predicted = listener.frame, listener.predicted
    table = payload.columns(frame)
    names = [name for name in listener.model.predictor.task.schema if name in predicted]
    return PredictionResponse(table, {name: predicted[name].tolist() for name in names}, body)
