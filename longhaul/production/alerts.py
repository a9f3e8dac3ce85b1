"""Alerts about decisions, posted to a webhook and signed."""

import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

ADDRESS, SECRET = "LONGHAUL_WEBHOOK", "LONGHAUL_WEBHOOK_SECRET"
SIGNATURE, TIMESTAMP = "X-Longhaul-Signature", "X-Longhaul-Timestamp"
ATTEMPTS = 3
TIMEOUT_SECONDS = 5.0
PAUSE_SECONDS = 1.0


def configured() -> tuple[str, str]:
    """Return address and secret from the environment; empty where they are not set.

    They are no parameters, because everybody may read the parameters of a run in MLflow.
    """
    return os.environ.get(ADDRESS, ""), os.environ.get(SECRET, "")


def send(
    address: str,
    secret: str,
    message: Mapping[str, Any],
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """Post a message as JSON, retrying where that may help; never raise.

    Parameters
    ----------
    address : str
        Of the receiver, http or https.
    secret : str
        Shared with the receiver; without one, the message is not signed.
    message : mapping
    pause : callable
        Called with the seconds to wait, twice as many each time.

    Returns
    -------
    str
        Why the message did not arrive; empty if it did.
    """
    body = json.dumps(message, sort_keys=True).encode()
    failure = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            pause(PAUSE_SECONDS * 2 ** (attempt - 1))
        failure, transient = _post(address, body, _headers(secret, body))
        if not transient:
            break
    return failure


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign ``<timestamp>.<body>`` by HMAC-SHA256 (RFC 2104): ``sha256=`` and 64 hex digits."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _headers(secret: str, body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    headers = {"Content-Type": "application/json", TIMESTAMP: timestamp}
    return {**headers, SIGNATURE: signature(secret, timestamp, body)} if secret else headers


def _post(address: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, bool]:
    """Post once; return the failure, if any, and whether to try again."""
    try:
        response = requests.post(
            address, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except (requests.ConnectionError, requests.Timeout) as error:
        return type(error).__name__, True
    except (requests.RequestException, ValueError) as error:
        return f"not a valid webhook address: {type(error).__name__}", False
    if response.ok and not response.is_redirect:
        return "", False
    return (
        f"answered {response.status_code}",
        response.status_code >= 500 or response.status_code == 429,
    )
