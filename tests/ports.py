"""Ports of this machine."""

import os
import random
import socket

_given: set[int] = set()


def free_port() -> int:
    """Find a port that nobody listens on, and that no other worker of this session is given.

    Each worker has a range of its own, below those that the kernel gives to clients.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 10
    ports = range(12_000 + 2_000 * worker, 14_000 + 2_000 * worker)
    for port in random.SystemRandom().sample(ports, len(ports)):
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise AssertionError(f"no port is free in {ports}")


def _is_free(port: int) -> bool:
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
