"""Pages of the watch over HTTP: /metrics for Prometheus, /health for people and probes."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from longhaul.errors import LonghaulError

_METRICS = "text/plain; version=0.0.4; charset=utf-8"


class WatchPages:
    """Server of the pages, in a thread: a context manager.

    Parameters
    ----------
    host, port : str, int
        Where to listen; port 0 is any that is free.
    metrics : callable
        Returns the body of /metrics.
    health : callable
        Returns the JSON document of /health.

    Raises
    ------
    LonghaulError
        When the address is in use.
    """

    def __init__(
        self,
        host: str,
        port: int,
        metrics: Callable[[], bytes],
        health: Callable[[], dict[str, Any]],
    ):
        bodies: dict[str, Callable[[], tuple[bytes, str]]] = {
            "/metrics": lambda: (metrics(), _METRICS),
            "/health": lambda: (json.dumps(health()).encode(), "application/json"),
            "/ping": lambda: (b"\n", "application/json"),
        }
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(bodies))
        except (OSError, OverflowError) as error:
            raise LonghaulError(f"cannot listen on {host}:{port}: {error}") from None
        self.address = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "WatchPages":
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()


def _handler(bodies: dict[str, Callable[[], tuple[bytes, str]]]) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers requests."""

    class Handler(BaseHTTPRequestHandler):
        """Answers GET."""

        timeout = 10  # seconds that a client may take to send its request

        def do_GET(self) -> None:
            """Answer with a page, or 404."""
            make = bodies.get(self.path.partition("?")[0])
            body, media_type = make() if make else (b"no such page\n", "text/plain")
            self.send_response(200 if make else 404)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing: a scrape every few seconds is no news."""

    return Handler
