"""POST /outcomes: what became of rows that were predicted."""

from collections.abc import Callable
from math import inf
from typing import Annotated

import pydantic
from pydantic import ConfigDict, Field
from starlette.types import Receive, Scope, Send

from longhaul.serving import mlflow_parsing
from longhaul.serving.http_errors import HttpError, invalid_input
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.middleware import read_body
from longhaul.serving.recorder import Recorder
from longhaul.serving.settings import RequestLimits
from longhaul.problem import TaskType

_TOLD: dict[TaskType, tuple[set[type], str]] = {
    "binary": ({bool}, "true or false"),
    "multiclass": ({str}, "the name of a class"),
    "regression": ({float, int}, "a number"),
}


class GroundTruthRow(pydantic.BaseModel):
    """What became of one row.

    Attributes
    ----------
    request : str
        The X-Request-Id of the answer.
    row : int
        Its position in the request, from 0.
    outcome : bool, str or float
        Of two classes whether it was positive, of several which it was, or the number.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    request: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    row: Annotated[int, Field(ge=0, lt=2**31)] = 0
    outcome: bool | str | float


class GroundTruthReport(pydantic.BaseModel):
    """Outcomes that are known by now."""

    model_config = ConfigDict(strict=True, extra="forbid")

    outcomes: Annotated[list[GroundTruthRow], Field(min_length=1)]


class GroundTruthEndpoint:
    """An ASGI endpoint: puts outcomes on record, to be joined with predictions when they are read.

    Parameters
    ----------
    kind : callable
        What the model in service predicts.
    recorder : Clerk
    limits : Limits
    metrics : Meters
    """

    def __init__(self, kind: Callable[[], TaskType], recorder: Recorder, limits: RequestLimits, metrics: ServiceMetrics):
        self.kind, self.recorder, self.limits, self.metrics = kind, recorder, limits, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != mlflow_parsing.JSON.encode():
            raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", f"send {mlflow_parsing.JSON}")
        report = _read(await read_body(headers, receive, self.limits))
        if len(report.outcomes) > self.limits.rows:
            raise mlflow_parsing.too_many_rows(len(report.outcomes), self.limits.rows)
        _require(report, self.kind())
        self.recorder.report([(one.request, one.row, one.outcome) for one in report.outcomes])
        self.metrics.requests.labels(202).inc()
        empty = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 202, "headers": empty})
        await send({"type": "http.response.body", "body": b""})


def _read(sent: bytes) -> GroundTruthReport:
    try:
        return GroundTruthReport.model_validate_json(sent)
    except pydantic.ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"][:3] if _ours(part)) or "the body"
        what = "not what it should be" if first["type"] == "extra_forbidden" else first["msg"]
        what = "not JSON" if first["type"] == "json_invalid" else what
        raise invalid_input(f"{where}: {what}; GET /openapi.json has the schema") from None


def _require(report: GroundTruthReport, task_type: TaskType) -> None:
    """Refuse outcomes of another kind than what is predicted."""
    types, expected = _TOLD[task_type]
    for place, one in enumerate(report.outcomes):
        if type(one.outcome) not in types or one.outcome in {inf, -inf}:
            raise invalid_input(f"outcomes.{place}.outcome: not {expected}")


def _ours(part: int | str) -> bool:
    """Whether a part of a location is a word of ours, not of whoever sent it."""
    return isinstance(part, int) or part in {*GroundTruthReport.model_fields, *GroundTruthRow.model_fields}
