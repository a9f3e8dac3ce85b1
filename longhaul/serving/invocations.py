"""POST /invocations: rows in, predictions out, on record."""

import asyncio
import random
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.types import Receive, Scope, Send

from longhaul.serving import mlflow_parsing
from longhaul.serving.http_errors import HttpError, invalid_input
from longhaul.serving.live_model import LiveModel
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.middleware import RequestHeaders, read_body
from longhaul.serving.recorder import Recorder
from longhaul.serving.response import PredictionResponse
from longhaul.serving.settings import RequestLimits

MAX_INLINE_BYTES = 64_000  # what is larger would keep the others waiting
THREADS = 4
MAX_PENDING = 32  # requests that may wait for a thread

_PLAIN = frozenset({"application/json", "application/json; charset=utf-8"})
_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")


class InvocationsEndpoint:
    """An ASGI endpoint.

    Small requests of plain JSON are answered at once, which takes less than to hand them to a
    thread; all others wait for one.

    Parameters
    ----------
    live_model : Champion
    recorder : Clerk
    limits : Limits
    metrics : Meters
    """

    def __init__(self, live_model: LiveModel, recorder: Recorder, limits: RequestLimits, metrics: ServiceMetrics):
        self.live_model, self.recorder, self.limits, self.metrics = live_model, recorder, limits, metrics
        self._counts: tuple[LoadedModel, Callable[[float], None]] | None = None
        self._answered = metrics.requests.labels(200)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="rows")
        self._waiting = 0
        self._random = random.Random()  # ids are no secrets; a system call for each would be slow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        kind, request = _kind(headers), self._id(headers)
        sent = await read_body(headers, receive, self.limits)
        began = time.perf_counter()
        served = self.live_model.current  # the model that answers, whatever comes meanwhile
        answer = await self._answer(served, sent, kind)
        recorded = not answer.rows or self.recorder.enter(served, request, answer)
        self._measure(served, answer.rows, time.perf_counter() - began)
        await _send(send, served, request, answer.body, recorded)

    def _id(self, headers: RequestHeaders) -> str:
        """The request's id: the client's own, or a new one."""
        given = headers.get(b"x-request-id")
        if given is None:
            return f"{self._random.getrandbits(128):032x}"
        if not _ID.fullmatch(given):
            raise invalid_input("X-Request-Id is not 1 to 64 letters, digits, dots, dashes, underscores")
        return str(given, "ascii")

    async def _answer(self, model: LoadedModel, sent: bytes, kind: str) -> PredictionResponse:
        if kind.lower() in _PLAIN:
            small = len(sent) <= MAX_INLINE_BYTES
            found = model.rows(sent) if small else await self._aside(model.rows, sent)
            if found is not None:
                if found.length > self.limits.rows:
                    raise mlflow_parsing.too_many_rows(found.length, self.limits.rows)
                return model.predict(found) if small else await self._aside(model.predict, found)
        self.metrics.fallbacks.inc()
        return await self._aside(mlflow_parsing.predict, served, sent, kind, self.limits.rows)

    async def _aside(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do it in a thread; nobody is told what comes too late."""
        if self._waiting >= MAX_PENDING:
            raise HttpError(503, "BUSY", "too many requests at once", [(b"retry-after", b"1")])
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self.limits.seconds)
        except TimeoutError:
            message = f"the answer took more than {self.limits.seconds:g} s"
            raise HttpError(503, "TIMEOUT", message, [(b"retry-after", b"1")]) from None

    def _done(self, future: "asyncio.Future[Any]") -> None:
        self._waiting -= 1
        future.exception()  # it was told, or came too late

    def _measure(self, model: LoadedModel, rows: int, seconds: float) -> None:
        if self._counts is None or self._counts[0] is not served:  # to look a label up is slow
            labels = model.model_uri.name, model.model_uri.version
            self._counts = served, self.metrics.predictions.labels(*labels).inc
        self._counts[1](rows)
        self._answered.inc()
        self.metrics.seconds.observe(seconds)


def _kind(headers: RequestHeaders) -> str:
    """The media type of the body."""
    kind = headers.get(b"content-type")
    if not kind:
        message = f"there is no Content-Type; send {mlflow_parsing.JSON} or {mlflow_parsing.CSV}"
        raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", message)
    if headers.get(b"content-encoding", b"model_uri") != b"model_uri":
        raise HttpError(415, "UNSUPPORTED_ENCODING", "send the body as it is, not compressed")
    return kind.decode("latin-1")


async def _send(send: Send, model: LoadedModel, request: str, answer: bytes, recorded: bool) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(answer)),
        (b"x-request-id", request.encode()),
        *model.headers,
    ]
    if not recorded:
        headers.append((b"x-recorded", b"false"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
