"""HTTP error responses: one JSON line with a code, and nothing that the request held."""

import json

from starlette.types import Send

ResponseHeaders = list[tuple[bytes, bytes]]


class HttpError(Exception):
    """Error response to a request.

    Parameters
    ----------
    status : int
        Of HTTP (RFC 9110).
    code : str
        For programs, such as ``BODY_TOO_LARGE``.
    message : str
        For people. It never holds anything that the request held.
    headers : list of pairs of bytes
        Beside Content-Type and Content-Length.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: ResponseHeaders | None = None
    ):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = headers or []

    @property
    def body(self) -> bytes:
        """JSON body with the fields of MLflow's own errors."""
        return json.dumps({"error_code": self.code, "message": self.message}).encode() + b"\n"

    async def send(self, send: Send) -> None:
        """Send the error as an ASGI response."""
        body = self.body
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            *self.headers,
        ]
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})


def invalid_input(message: str) -> HttpError:
    """Return the error for a request that does not fit the model."""
    return HttpError(400, "INVALID_INPUT", message)


INTERNAL_ERROR = HttpError(500, "INTERNAL_ERROR", "the service failed; its log has the reason")
