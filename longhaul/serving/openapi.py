"""OpenAPI document of the service, with the features of the live model."""

import json
from typing import Any

from longhaul.model import payload
from longhaul.serving.ground_truth import GroundTruthReport
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.settings import ServiceSettings

_TYPES: dict[str, dict[str, Any]] = {
    "number": {"type": ["number", "boolean", "string", "null"]},
    "category": {"type": ["string", "null"]},
    "date": {"type": ["string", "number", "null"]},
    "any": {"type": ["string", "number", "boolean", "null"]},
}
_NUMBER = {"type": "number"}
_PREDICTED: dict[str, dict[str, Any]] = {
    "binary": {"probability": _NUMBER, "decision": {"type": "boolean"}},
    "multiclass": {
        "probability": _NUMBER,
        "decision": {"type": "string"},
        "probabilities": {"type": "array", "items": _NUMBER},
    },
    "regression": {"prediction": _NUMBER},
}
_HEADERS = {
    "X-Request-Id": "Under which the rows are logged.",
    "X-Model": "The registered model.",
    "X-Model-Version": "Its version.",
    "X-Correction": "The newest day's shift of the log-odds, or none.",
    "X-Correction-Source": "The correction of the version, if there is one.",
    "X-Canary": "true where the canary has answered.",
    "X-Unread": "How many values could not be read, and were taken for missing.",
}
_STATUS = {
    400: "The request does not fit the model.",
    401: "No token, or a wrong one.",
    408: "The body did not come in time.",
    413: "Too many bytes or rows.",
    415: "Neither JSON nor CSV, or no Content-Type.",
    422: "A value is present and cannot be read: row, column and what is expected.",
    503: "Busy, too slow, or the prediction log cannot be written: try again later.",
}


def openapi(model: LoadedModel, settings: ServiceSettings) -> dict[str, Any]:
    """Build the OpenAPI 3.1 document of a service.

    Parameters
    ----------
    model : LoadedModel
        The model in service.
    settings : ServiceSettings
    """
    model_uri = model.model_uri
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": f"Longhaul: {model_uri.name}",
            "version": model_uri.version or "0",
            "description": _description(model, settings),
        },
        "paths": {
            "/invocations": {"post": _invocations(model)},
            "/outcomes": {"post": _ground_truth()},
            "/ping": {"get": _get("Alive: the process answers.")},
            "/ready": {
                "get": _get("Ready: a model is loaded and the prediction log can be written.", 503)
            },
            "/health": {"get": _get("The model in service, and what is wrong, if anything.")},
            "/version": {"get": _get("The version of MLflow.")},
            "/metrics": {"get": _get("Metrics for Prometheus.")},
        },
        "components": {"schemas": _schemas(model)},
    }
    if settings.tokens:
        schemes = {"token": {"type": "http", "scheme": "bearer"}}
        document["components"]["securitySchemes"] = schemes
        document["security"] = [{"token": []}]
    return document


def _description(model: LoadedModel, settings: ServiceSettings) -> str:
    target, limits = model.problem.target, settings.limits
    descriptions = {
        "binary": f"The chance that `{target.column}` is `{target.positive}`, and the decision at"
        f" the threshold {model.predictor.threshold:.3g}",
        "multiclass": f"The likeliest `{target.column}`, its probability, and the probabilities of"
        f" all: {', '.join(target.classes)}",
        "regression": f"The expected value of `{target.column}`",
    }
    return (
        f"{descriptions[target.task_type]}. A feature that is not sent is missing;"
        f" other columns are ignored. One request takes {limits.rows:,} rows, {limits.bytes:,}"
        f" bytes and {limits.seconds:g} s at most."
    )


def _invocations(model: LoadedModel) -> dict[str, Any]:
    example = json.loads(payload.dumps(model.example.head(2)))
    csv = model.example.head(2).to_csv(index=False)
    return {
        "summary": "Predict rows.",
        "parameters": [
            {
                "name": "X-Request-Id",
                "in": "header",
                "description": "An id of your own; without it the service makes one.",
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _ref("Request"), "example": example},
                "text/csv": {"schema": {"type": "string"}, "example": csv},
            },
        },
        "responses": {
            "200": {
                "description": "One prediction for each row.",
                "headers": {
                    name: {"description": text, "schema": {"type": "string"}}
                    for name, text in _HEADERS.items()
                },
                "content": {"application/json": {"schema": _ref("Response")}},
            },
            **_errors(*_STATUS),
        },
    }


def _ground_truth() -> dict[str, Any]:
    content = {"application/json": {"schema": _ref("GroundTruthReport")}}
    return {
        "summary": "Report the ground truth of rows that were predicted.",
        "requestBody": {"required": True, "content": content},
        "responses": {"202": {"description": "Recorded."}, **_errors(*_STATUS)},
    }


def _get(summary: str, *statuses: int) -> dict[str, Any]:
    return {
        "summary": summary,
        "responses": {"200": {"description": "OK"}, **_errors(401, *statuses)},
    }


def _errors(*statuses: int) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref("Error")}}
    return {str(n): {"description": _STATUS[n], "content": content} for n in statuses}


def _schemas(model: LoadedModel) -> dict[str, Any]:
    """Build the schemas of requests and responses."""
    features = {
        name: {**_TYPES["any"], "description": "no feature: it is logged"}
        if model.request_types[name] == "any"
        else {**_TYPES[form.column_type], "description": form.expected}
        for name, form in model.request_forms.items()
    }
    names = list(features)
    split = {
        "type": "object",
        "required": ["columns", "data"],
        "properties": {
            "columns": {"type": "array", "items": {"type": "string", "examples": names}},
            "data": {"type": "array", "items": {"type": "array"}},
        },
    }
    forms = {
        "dataframe_split": split,
        "dataframe_records": {"type": "array", "items": _ref("Row")},
        "inputs": {"description": "Columns by name, or a list of rows."},
        "instances": {"description": "A list of rows."},
    }
    params = {"type": "object", "properties": {"reasons": {"type": "integer", "minimum": 0}}}
    report = GroundTruthReport.model_json_schema(ref_template="#/components/schemas/{model}")
    return {
        "Row": {"type": "object", "properties": features},
        "Request": {
            "type": "object",
            "properties": {**forms, "params": params},
            "oneOf": [{"required": [name]} for name in forms],
        },
        "Response": _object({"predictions": {"type": "array", "items": _ref("Prediction")}}),
        "Prediction": _object(_PREDICTED[model.predictor.task_type]),
        "Error": _object({"error_code": {"type": "string"}, "message": {"type": "string"}}),
        **report.pop("$defs"),
        "GroundTruthReport": report,
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
