"""Messengers: a real HTTP server and a real mail server get what people read."""

import importlib.util
from typing import Any

import pytest

from longhaul.production import messengers
from longhaul.production.events import Event
from tests import ports, receivers

EVENT = Event({}, "churn: version 2 is champion now", "Réason: {{ it }} fell\nRun: r1", "warning")
needs_apprise = pytest.mark.skipif(
    importlib.util.find_spec("apprise") is None, reason="takes the package apprise"
)
needs_mail = pytest.mark.skipif(
    importlib.util.find_spec("aiosmtpd") is None, reason="takes the package aiosmtpd"
)


@needs_apprise
def test_each_address_gets_it() -> None:
    """Two receivers of JSON get title, text and urgency, unchanged."""
    with receivers.http() as first, receivers.http() as second:
        addresses = [one.address.replace("http", "json", 1) for one in (first, second)]
        assert messengers.send(addresses, EVENT) == []
        for receiver in (first, second):
            (message,) = receiver.messages
            assert (message["title"], message["message"]) == (EVENT.title, EVENT.text)
            assert message["type"] == "warning"


@needs_apprise
@needs_mail
def test_mail() -> None:
    """Subject and text arrive by SMTP."""
    port = ports.free_port()
    with receivers.mail(port) as received:
        address = f"mailto://localhost:{port}/ops@example.com?from=longhaul@example.com"
        assert messengers.send([address], EVENT) == []
    (mail,) = received
    assert mail["Subject"] == EVENT.title
    assert "ops@example.com" in mail["To"]
    body = mail.get_body(("plain",)) or mail
    text = body.get_content()
    assert [row.strip() for row in text.strip().splitlines()] == EVENT.text.splitlines()


@needs_apprise
def test_failures_name_no_address(capfd: pytest.CaptureFixture[str]) -> None:
    """A dead receiver, one that refuses, and an address that is none: the others get it."""
    with receivers.http() as alive, receivers.http() as refusing:
        refusing.codes = [500]
        good, bad = (one.address.replace("http", "json", 1) for one in (alive, refusing))
        addresses = ["json://me:swordfish@127.0.0.1:9/", bad, "bogus://swordfish", "swordfish"]
        assert messengers.send([*addresses, good], EVENT) == [
            "LONGHAUL_ALERTS: address 1 (json) failed",
            "LONGHAUL_ALERTS: address 2 (json) failed",
            "LONGHAUL_ALERTS: address 3 (bogus) is not an address that apprise knows",
            "LONGHAUL_ALERTS: address 4 is not an address that apprise knows",
        ]
        assert len(alive.got) == 1
    assert "swordfish" not in "".join(capfd.readouterr())


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to install; without an address, nothing is missed."""

    def absent(name: str) -> Any:
        assert name == "apprise"

    monkeypatch.setattr(messengers, "find_spec", absent)
    (failure,) = messengers.send(["json://host/"], EVENT)
    assert "pip install -r requirements-alerts.txt" in failure
    assert "host" not in failure
    assert messengers.send([], EVENT) == []


def test_the_environment_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blanks and line ends separate addresses, commas do not."""
    monkeypatch.delenv("LONGHAUL_ALERTS", raising=False)
    assert messengers.configured() == []
    monkeypatch.setenv("LONGHAUL_ALERTS", " json://a/?to=b,c \n slack://d\t\n")
    assert messengers.configured() == ["json://a/?to=b,c", "slack://d"]
