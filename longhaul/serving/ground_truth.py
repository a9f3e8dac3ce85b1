"""POST /outcomes: ground truth (feedback) for rows that were predicted."""

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
from longhaul.task_type import TaskType

# Python types of an outcome, and how an error describes them.
_OUTCOME_TYPES: dict[TaskType, tuple[set[type], str]] = {
    "binary": ({bool}, "true or false"),
    "multiclass": ({str}, "the name of a class"),
    "regression": ({float, int}, "a number"),
}
# Reasons by pydantic's type of error; for other types its own message is plain enough.
_REASONS = {"json_invalid": "not JSON", "extra_forbidden": "has an unknown field"}


class GroundTruthRow(pydantic.BaseModel):
    """Ground truth of one predicted row.

    Attributes
    ----------
    request : str
        The X-Request-Id of the answer.
    row : int
        Its position in the request, from 0.
    outcome : bool, str or float
        Of two classes whether it was the positive one, of several the name, or the number.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    request: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    row: Annotated[int, Field(ge=0, lt=2**31)] = 0
    outcome: bool | str | float


class GroundTruthReport(pydantic.BaseModel):
    """Body of a request: ground truth of several rows."""

    model_config = ConfigDict(strict=True, extra="forbid")

    outcomes: Annotated[list[GroundTruthRow], Field(min_length=1)]


class GroundTruthEndpoint:
    """ASGI endpoint that records ground truth; readers of the log join it with the predictions.

    Parameters
    ----------
    task_type : callable
        Returns the task type of the live model.
    recorder : Recorder
    limits : RequestLimits
    metrics : ServiceMetrics
    """

    def __init__(
        self,
        task_type: Callable[[], TaskType],
        recorder: Recorder,
        limits: RequestLimits,
        metrics: ServiceMetrics,
    ):
        self.task_type, self.recorder = task_type, recorder
        self.limits, self.metrics = limits, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if media_type != mlflow_parsing.JSON.encode():
            raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", f"send {mlflow_parsing.JSON}")
        report = _parse(await read_body(headers, receive, self.limits))
        if len(report.outcomes) > self.limits.rows:
            raise mlflow_parsing.too_many_rows(len(report.outcomes), self.limits.rows)
        _require_types(report, self.task_type())
        self.recorder.record_ground_truth(
            [(row.request, row.row, row.outcome) for row in report.outcomes]
        )
        self.metrics.requests.labels(202).inc()
        empty = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 202, "headers": empty})
        await send({"type": "http.response.body", "body": b""})


def _parse(body: bytes) -> GroundTruthReport:
    try:
        return GroundTruthReport.model_validate_json(body)
    except pydantic.ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"][:3] if _is_public(part)) or "the body"
        reason = _REASONS.get(first["type"], first["msg"])
        raise invalid_input(f"{where}: {reason}; GET /openapi.json has the schema") from None


def _require_types(report: GroundTruthReport, task_type: TaskType) -> None:
    """Refuse outcomes of another type than the model predicts."""
    types, expected = _OUTCOME_TYPES[task_type]
    for position, row in enumerate(report.outcomes):
        if type(row.outcome) not in types or row.outcome in {inf, -inf}:
            raise invalid_input(f"outcomes.{position}.outcome: not {expected}")


def _is_public(part: int | str) -> bool:
    """Return whether part of a location is a field name of the schema, not text that was sent."""
    fields = {*GroundTruthReport.model_fields, *GroundTruthRow.model_fields}
    return isinstance(part, int) or part in fields
