"""What every request passes: who asks, how much, and how refusals leave."""

import asyncio
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from longhaul.serving import event_log
from longhaul.serving.auth import BearerTokens
from longhaul.serving.http_errors import INTERNAL_ERROR, HttpError
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.settings import RequestLimits

PUBLIC_PATHS = frozenset({"/ping", "/health", "/ready", "/version"})  # for probes, which have no secret

MAX_CONCURRENT_REQUESTS = 1000  # requests inside at once: with the limit of a body, a bound on memory

RequestHeaders = Mapping[bytes, bytes]


class AuthenticationMiddleware:
    """An ASGI middleware: only whoever knows a token comes in, and only refusals of ours go out.

    Parameters
    ----------
    app : ASGI application
    tokens : Tokens
    metrics : Meters
    """

    def __init__(self, app: ASGIApp, tokens: BearerTokens, metrics: ServiceMetrics):
        self.app, self.tokens, self.metrics = app, tokens, metrics
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self._inside += 1
        try:
            scope["longhaul.known"] = self._known(scope)
            if self._inside > MAX_CONCURRENT_REQUESTS:
                raise HttpError(503, "BUSY", "too many requests at once", [(b"retry-after", b"1")])
            await self.app(scope, receive, send)
        except HttpError as refusal:
            await self._refuse(refusal, send)
        except ClientDisconnected:
            pass
        except Exception:
            event_log.error("failed", path=scope["path"])
            await self._refuse(INTERNAL_ERROR, send)
        finally:
            self._inside -= 1

    def _known(self, scope: Scope) -> bool:
        """Whether who asks has shown a token, or none is asked for."""
        if not self.tokens:
            return True
        if self.tokens.admit(dict(scope["headers"]).get(b"authorization", b"")):
            return True
        if scope["path"] in PUBLIC_PATHS:
            return False
        raise HttpError(
            401,
            "UNAUTHENTICATED",
            "send a token of this service: Authorization: Bearer <token>",
            [(b"www-authenticate", b"Bearer")],
        )

    async def _refuse(self, refusal: HttpError, send: Send) -> None:
        self.metrics.requests.labels(refusal.status).inc()
        self.metrics.errors.labels(refusal.code).inc()
        await refusal.send(send)


class ClientDisconnected(Exception):
    """Who asked is no longer there."""


async def read_body(headers: RequestHeaders, receive: Receive, limits: RequestLimits) -> bytes:
    """The body of a request.

    Raises
    ------
    Refusal
        When it is too large, or does not come in time.
    Gone
        When the connection was closed before its end.
    """
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limits.bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.seconds):
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                whole = bytes(message.get("body", b""))
                if len(whole) > limits.bytes:
                    raise _too_large(limits)
                return whole
            return await _rest(message, receive, limits)
    except TimeoutError:
        late = f"the body did not come within {limits.seconds:g} s"
        raise HttpError(408, "BODY_TIMEOUT", late) from None


async def _rest(message: Message, receive: Receive, limits: RequestLimits) -> bytes:
    """The body of a request that comes in more than one message."""
    parts = bytearray()
    while True:
        if message["type"] != "http.request":
            raise ClientDisconnected
        parts += message.get("body", b"")
        if len(parts) > limits.bytes:
            raise _too_large(limits)
        if not message.get("more_body"):
            return bytes(parts)
        message = await receive()


def _too_large(limits: RequestLimits) -> HttpError:
    message = f"the body has more than {limits.bytes} bytes: send the rows in parts"
    return HttpError(413, "BODY_TOO_LARGE", message, [(b"connection", b"close")])
