"""Receivers of alerts for tests: servers of HTTP and of mail on this machine."""

import contextlib
import email
import email.policy
import http.server as http_server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any


@dataclass
class Receiver:
    """Answers with these codes in turn, the last one for ever; keeps what it was sent."""

    address: str = ""
    codes: list[int] = field(default_factory=lambda: [204])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What it was sent, as JSON."""
        return [json.loads(body) for _, body in self.got]


@contextlib.contextmanager
def http() -> Iterator[Receiver]:
    """Listen on a free port."""
    receiver = Receiver()

    class Handler(http_server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((dict(self.headers), body))
            code = receiver.codes.pop(0) if len(receiver.codes) > 1 else receiver.codes[0]
            self.send_response(code)
            if code == 302:
                self.send_header("Location", receiver.address)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http_server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.address = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def mail(port: int) -> Iterator[list[EmailMessage]]:
    """Take mail by SMTP; yields what arrives, read."""
    from aiosmtpd.controller import Controller

    received: list[EmailMessage] = []

    class Handler:
        async def handle_DATA(self, _: object, session: object, envelope: Any) -> str:  # noqa: N802
            text = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(text, EmailMessage)
            received.append(text)
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield received
    finally:
        controller.stop()
