"""Requests that are not answered: one JSON line with a code, and nothing that was sent."""

import json

from starlette.types import Send

ResponseHeaders = list[tuple[bytes, bytes]]


class HttpError(Exception):
    """Why a request is not answered.

    Parameters
    ----------
    status : int
        Of HTTP (RFC 9110).
    code : str
        For programs, such as ``BODY_TOO_LARGE``.
    message : str
        For people. It never holds what the request held.
    headers : list of pairs of bytes
        Beside the usual ones.
    """

    def __init__(self, status: int, code: str, message: str, headers: ResponseHeaders | None = None):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = headers or []

    @property
    def line(self) -> bytes:
        """The body, in the words of MLflow's own errors."""
        return json.dumps({"error_code": self.code, "message": self.message}).encode() + b"\n"

    async def send(self, send: Send) -> None:
        """Answer with it, as an ASGI application does."""
        body = self.line
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            *self.headers,
        ]
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})


def invalid_input(message: str) -> HttpError:
    """The request is not what the model takes."""
    return HttpError(400, "INVALID_INPUT", message)


INTERNAL_ERROR = HttpError(500, "INTERNAL_ERROR", "the service failed; its log says why")
