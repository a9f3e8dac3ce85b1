"""Alerts, received by a real HTTP server."""

import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from longhaul.production import alerts
from longhaul.production.alerts import SIGNATURE, TIMESTAMP, send
from tests import receivers
from tests.receivers import Receiver

SECRET = "swordfish"
MESSAGE = {"model": "churn", "period": "2020-07", "level": "act", "reason": "it fell – twice"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server on this machine, for the length of a test."""
    with receivers.http() as opened:
        yield opened


def test_it_arrives_signed(receiver: Receiver) -> None:
    """The receiver can tell that whoever knows the secret sent this very text, and when."""
    assert send(receiver.address, SECRET, MESSAGE) == ""
    ((headers, body),) = receiver.got
    assert json.loads(body) == MESSAGE
    signed = headers[TIMESTAMP].encode() + b"." + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE] == f"sha256={expected}"
    assert headers["Content-Type"] == "application/json"


def test_a_known_signature() -> None:
    """Of openssl: printf '0.{}' | openssl dgst -sha256 -hmac swordfish."""
    known = hmac.new(b"swordfish", b"0.{}", "sha256").hexdigest()
    assert alerts.signature(SECRET, "0", b"{}") == f"sha256={known}"


def test_without_a_secret_it_is_not_signed(receiver: Receiver) -> None:
    """It still arrives."""
    assert send(receiver.address, "", MESSAGE) == ""
    ((headers, _),) = receiver.got
    assert SIGNATURE not in headers


@pytest.mark.parametrize(("codes", "tries"), [([500, 503, 200], 3), ([429, 200], 2), ([200], 1)])
def test_what_may_pass_is_tried_again(receiver: Receiver, codes: list[int], tries: int) -> None:
    """Twice, the second time after a longer pause; the same text each time."""
    receiver.codes = codes
    pauses: list[float] = []
    assert send(receiver.address, SECRET, MESSAGE, pauses.append) == ""
    assert len(receiver.got) == tries
    assert len({body for _, body in receiver.got}) == 1
    assert pauses == [1.0, 2.0][: tries - 1]


@pytest.mark.parametrize(("code", "tries"), [(500, 3), (400, 1), (404, 1), (302, 1)])
def test_what_fails_is_told_not_raised(receiver: Receiver, code: int, tries: int) -> None:
    """A refusal is not repeated, and no redirection is followed."""
    receiver.codes = [code]
    assert send(receiver.address, SECRET, MESSAGE, lambda _: None) == f"answered {code}"
    assert len(receiver.got) == tries


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/", "no address", "ftp://127.0.0.1/", "http://[::1", ""]
)
def test_a_dead_receiver_stops_nothing(address: str) -> None:
    """Nor does an address that is none."""
    assert send(address, SECRET, MESSAGE, lambda _: None)


def test_the_environment_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """Address and secret are no parameters, which MLflow would keep for all to read."""
    monkeypatch.delenv("LONGHAUL_WEBHOOK", raising=False)
    assert alerts.configured()[0] == ""
    monkeypatch.setenv("LONGHAUL_WEBHOOK", "http://host/")
    monkeypatch.setenv("LONGHAUL_WEBHOOK_SECRET", SECRET)
    assert alerts.configured() == ("http://host/", SECRET)
