"""ASGI middleware: authentication, the limits of a request, and error responses."""

import asyncio
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from longhaul.serving import event_log
from longhaul.serving.auth import BearerTokens
from longhaul.serving.http_errors import INTERNAL_ERROR, HttpError
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.settings import RequestLimits

PUBLIC_PATHS = frozenset({"/ping", "/health", "/ready", "/version"})  # probes have no token
AUTHENTICATED = "longhaul.authenticated"  # key of the scope

# Of one worker: with the limit of a body, it bounds the memory.
MAX_CONCURRENT_REQUESTS = 1000

RequestHeaders = Mapping[bytes, bytes]


class AuthenticationMiddleware:
    """ASGI middleware that authenticates requests and turns errors into responses.

    Parameters
    ----------
    app : ASGI application
    tokens : BearerTokens
    metrics : ServiceMetrics
    """

    def __init__(self, app: ASGIApp, tokens: BearerTokens, metrics: ServiceMetrics):
        self.app, self.tokens, self.metrics = app, tokens, metrics
        self._active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with an error."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self._active += 1
        try:
            scope[AUTHENTICATED] = self._authenticate(scope)
            if self._active > MAX_CONCURRENT_REQUESTS:
                raise HttpError(503, "BUSY", "too many requests at once", [(b"retry-after", b"1")])
            await self.app(scope, receive, send)
        except HttpError as error:
            await self._send_error(error, send)
        except ClientDisconnected:
            pass
        except Exception:
            event_log.error("failed", path=scope["path"])
            await self._send_error(INTERNAL_ERROR, send)
        finally:
            self._active -= 1

    def _authenticate(self, scope: Scope) -> bool:
        """Return whether the client has sent an accepted token, or none is required."""
        if not self.tokens:
            return True
        if self.tokens.accepts(dict(scope["headers"]).get(b"authorization", b"")):
            return True
        if scope["path"] in PUBLIC_PATHS:
            return False
        raise HttpError(
            401,
            "UNAUTHENTICATED",
            "send a token of this service: Authorization: Bearer <token>",
            [(b"www-authenticate", b"Bearer")],
        )

    async def _send_error(self, error: HttpError, send: Send) -> None:
        self.metrics.requests.labels(error.status).inc()
        self.metrics.errors.labels(error.code).inc()
        await error.send(send)


class ClientDisconnected(Exception):
    """The client has closed the connection."""


async def read_body(headers: RequestHeaders, receive: Receive, limits: RequestLimits) -> bytes:
    """Read the body of a request.

    Raises
    ------
    HttpError
        When it is too large, or does not come in time.
    ClientDisconnected
        When the connection was closed before its end.
    """
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limits.bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.seconds):
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                body = bytes(message.get("body", b""))
                if len(body) > limits.bytes:
                    raise _too_large(limits)
                return body
            return await _join_messages(message, receive, limits)
    except TimeoutError:
        late = f"the body did not come within {limits.seconds:g} s"
        raise HttpError(408, "BODY_TIMEOUT", late) from None


async def _join_messages(message: Message, receive: Receive, limits: RequestLimits) -> bytes:
    """Join a body that comes in more than one message."""
    body = bytearray()
    while True:
        if message["type"] != "http.request":
            raise ClientDisconnected
        body += message.get("body", b"")
        if len(body) > limits.bytes:
            raise _too_large(limits)
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()


def _too_large(limits: RequestLimits) -> HttpError:
    message = f"the body has more than {limits.bytes} bytes: send the rows in several requests"
    return HttpError(413, "BODY_TOO_LARGE", message, [(b"connection", b"close")])
