"""POST /invocations: predict the rows of a request and record the predictions."""

import asyncio
import random
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.types import Receive, Scope, Send

from longhaul.model.unread import examine
from longhaul.monitoring.evidence import ServiceLosses
from longhaul.serving import event_log, mlflow_parsing
from longhaul.serving.canary import LiveCanary
from longhaul.serving.http_errors import HttpError, invalid_input
from longhaul.serving.live_model import LiveModel
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.middleware import RequestHeaders, read_body
from longhaul.serving.recorder import Recorder
from longhaul.serving.response import PredictionResponse
from longhaul.serving.settings import RequestLimits

MAX_INLINE_BYTES = 64_000  # larger bodies would keep other requests waiting
THREADS = 4
MAX_PENDING = 32  # requests in threads, or waiting for one

_PLAIN_JSON = frozenset({"application/json", "application/json; charset=utf-8"})
_UNREADABLE = frozenset({400, 415, 422})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")


class InvocationsEndpoint:
    """ASGI endpoint for predictions.

    Small requests of plain JSON are answered on the event loop, which takes less time than handing
    them to a thread; all others run in a thread.

    Parameters
    ----------
    live_model : LiveModel
    recorder : Recorder
    limits : RequestLimits
    metrics : ServiceMetrics
    """

    def __init__(
        self,
        live_model: LiveModel,
        recorder: Recorder,
        limits: RequestLimits,
        metrics: ServiceMetrics,
    ):
        self.live_model, self.recorder = live_model, recorder
        self.limits, self.metrics = limits, metrics
        self._count_rows: tuple[LoadedModel, Callable[[float], None]] | None = None
        self._answered = metrics.requests.labels(200)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="rows")
        self._pending = 0
        self._random = random.Random()  # ids are no secrets; a system call per id would be slow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._answer(dict(scope["headers"]), receive, send)
        except HttpError as error:
            if error.status in _UNREADABLE:
                self.recorder.count_losses(ServiceLosses(refused=1))
            raise

    async def _answer(self, headers: RequestHeaders, receive: Receive, send: Send) -> None:
        content_type, request_id = _content_type(headers), self._request_id(headers)
        body = await read_body(headers, receive, self.limits)
        start = time.perf_counter()
        model = self.live_model.current  # answers this request, even if the alias moves meanwhile
        canary = self.live_model.canary.current
        is_canary = canary is not None and canary.answers(_key(model, body, request_id))
        if canary is not None and is_canary:
            model, response = await self._try(canary, model, body, content_type)
            is_canary = model is canary.model
        else:
            response = await self._predict(model, body, content_type)
        response, unread = await self._examine(model, response, len(body) <= MAX_INLINE_BYTES)
        recorded = not response.rows or self.recorder.record_predictions(
            model, request_id, response
        )
        seconds = time.perf_counter() - start
        if canary is not None:
            canary.count(seconds) if is_canary else canary.count_champion(seconds)
        self._measure(model, response.rows, seconds)
        await _send(send, model, request_id, response.body, recorded, unread, is_canary)

    def _request_id(self, headers: RequestHeaders) -> str:
        """Return the request's id: the client's own, or a new one."""
        given = headers.get(b"x-request-id")
        if given is None:
            return f"{self._random.getrandbits(128):032x}"
        if not _REQUEST_ID.fullmatch(given):
            raise invalid_input(
                "X-Request-Id is not 1 to 64 letters, digits, dots, dashes, underscores"
            )
        return str(given, "ascii")

    async def _try(
        self, canary: LiveCanary, champion: LoadedModel, body: bytes, content_type: str
    ) -> tuple[LoadedModel, PredictionResponse]:
        """Predict by the canary, or by the champion where that fails; return which it was."""
        model = canary.model
        try:
            return model, await self._predict(model, body, content_type)
        except Exception as error:  # whatever is wrong with it, no request fails for it
            response = await self._predict(champion, body, content_type)
            canary.count_failure()
            event_log.warning("canary failed", reason=type(error).__name__)
            return champion, response

    async def _predict(
        self, model: LoadedModel, body: bytes, content_type: str
    ) -> PredictionResponse:
        if content_type.lower() in _PLAIN_JSON:
            small = len(body) <= MAX_INLINE_BYTES
            rows = model.parse(body) if small else await self._in_thread(model.parse, body)
            if rows is not None:
                if rows.length > self.limits.rows:
                    raise mlflow_parsing.too_many_rows(rows.length, self.limits.rows)
                return model.predict(rows) if small else await self._in_thread(model.predict, rows)
        self.metrics.fallbacks.inc()
        return await self._in_thread(
            mlflow_parsing.predict, model, body, content_type, self.limits.rows
        )

    async def _examine(
        self, model: LoadedModel, response: PredictionResponse, small: bool
    ) -> tuple[PredictionResponse, int]:
        """Refuse or count values that cannot be read; return the rows as they were read."""
        arguments = model.request_forms, response.table
        examined = examine(*arguments) if small else await self._in_thread(examine, *arguments)
        unread, table = examined
        if unread is None:
            return response._replace(table=table), 0
        if self.limits.on_unreadable == "refuse":
            raise HttpError(422, "UNREADABLE_VALUE", str(unread))
        self.metrics.unread_values.inc(unread.count)
        self.recorder.count_losses(ServiceLosses(unread=unread.count))
        return response._replace(table=table), unread.count

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in a thread; after the time limit its return value is dropped."""
        if self._pending >= MAX_PENDING:
            raise HttpError(503, "BUSY", "too many requests at once", [(b"retry-after", b"1")])
        self._pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self.limits.seconds)
        except TimeoutError:
            message = f"the answer took more than {self.limits.seconds:g} s"
            raise HttpError(503, "TIMEOUT", message, [(b"retry-after", b"1")]) from None

    def _done(self, future: "asyncio.Future[Any]") -> None:
        self._pending -= 1
        future.exception()  # retrieved, or asyncio warns: it was sent, or came too late

    def _measure(self, model: LoadedModel, rows: int, seconds: float) -> None:
        if self._count_rows is None or self._count_rows[0] is not model:  # labels() is slow
            labels = model.model_uri.name, model.model_uri.version
            self._count_rows = model, self.metrics.predictions.labels(*labels).inc
        self._count_rows[1](rows)
        self._answered.inc()
        self.metrics.seconds.observe(seconds)


def _content_type(headers: RequestHeaders) -> str:
    """Return the Content-Type of the body; refuse none, and compressed bodies."""
    content_type = headers.get(b"content-type")
    if not content_type:
        message = f"there is no Content-Type; send {mlflow_parsing.JSON} or {mlflow_parsing.CSV}"
        raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", message)
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise HttpError(415, "UNSUPPORTED_ENCODING", "the body is compressed; send it uncompressed")
    return content_type.decode("latin-1")


def _key(model: LoadedModel, body: bytes, request_id: str) -> str:
    """Return what decides whether the canary answers: the key of the first row, or the request."""
    name = model.problem.key
    rows = model.parse(body) if name else None
    keys = rows.table.get(name) if rows else None
    return str(keys[0]) if keys else request_id


async def _send(
    send: Send,
    model: LoadedModel,
    request_id: str,
    body: bytes,
    recorded: bool,
    unread: int,
    is_canary: bool,
) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", request_id.encode()),
        *model.headers,
    ]
    if not recorded:
        headers.append((b"x-recorded", b"false"))
    if is_canary:
        headers.append((b"x-canary", b"true"))
    if unread:
        headers.append((b"x-unread", b"%d" % unread))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
