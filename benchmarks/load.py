"""Clients that ask a service on this machine, one request after the other, as fast as it answers.

They speak HTTP/1.1 over a socket that stays open and read no more of an answer than they must, so
that it is the service that is measured.
"""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

HOST = "127.0.0.1"
SECONDS = 60.0  # to wait for an answer


class Answer(NamedTuple):
    """What came back: status, headers with their names in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Load:
    """What a number of clients have seen.

    Attributes
    ----------
    seconds : list of float
        Of each request, from its first byte to the last of its answer.
    elapsed : float
        From the first request of all clients to the last answer.
    failures : list of str
        Requests that were not answered with 200.
    """

    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    failures: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers in a second, of all clients together."""
        return len(self.seconds) / self.elapsed

    def quantile(self, share: float) -> float:
        """Of the times of all requests, in milliseconds."""
        return float(np.quantile(self.seconds, share)) * 1000


class Client:
    """One connection.

    Parameters
    ----------
    port : int
    """

    def __init__(self, port: int):
        self._socket = socket.create_connection((HOST, port), SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> Answer:
        """Send a whole request, and read its answer.

        Raises
        ------
        OSError
            When the connection breaks before the end of the answer.
        """
        self._socket.sendall(request)
        head, body = self._head()
        lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:])
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", 0))
        while len(body) < length:
            body += self._receive()
        return Answer(int(lines[0].split(" ")[1]), headers, body)

    def _head(self) -> tuple[bytes, bytes]:
        found = b""
        while b"\r\n\r\n" not in found:
            found += self._receive()
        head, _, rest = found.partition(b"\r\n\r\n")
        return head, rest

    def _receive(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionResetError("the service closed the connection")
        return part


def post(body: bytes, path: str = "/invocations", kind: str = "application/json") -> bytes:
    """A request as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def drive(
    port: int,
    request: bytes,
    requests: int,
    clients: int,
    heard: Callable[[Answer], None] = lambda _: None,
) -> Load:
    """Ask the same `requests` times, shared by `clients` that each wait for their answers.

    Parameters
    ----------
    heard : callable
        Is told each answer, in the client's thread.
    """
    load = Load()

    def work() -> None:
        with Client(port) as client:
            for _ in range(requests // clients):
                start = time.perf_counter()
                answer = client.ask(request)
                load.seconds.append(time.perf_counter() - start)
                if answer.status != 200:
                    load.failures.append(f"{answer.status} {answer.body[:200]!r}")
                heard(answer)

    def guarded() -> None:
        try:
            work()
        except OSError as error:
            load.failures.append(repr(error))

    threads = [threading.Thread(target=guarded) for _ in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.elapsed = time.perf_counter() - start
    return load
