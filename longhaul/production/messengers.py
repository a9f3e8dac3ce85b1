"""Messengers that people read, such as chat rooms and mail, by the library apprise."""

import os
import re
from importlib.util import find_spec

from longhaul.production.events import Event

ADDRESSES = "LONGHAUL_ALERTS"
TIMEOUT_SECONDS = 20.0

_SCHEME = re.compile(r"[a-z0-9]+(?=://)", re.IGNORECASE)
_MISSING = (
    f"{ADDRESSES} takes the package apprise, which is not installed;"
    " pip install -r requirements-alerts.txt"
)


def configured() -> list[str]:
    """Return the addresses in the environment, with blanks or line ends between.

    They are no parameters, because they hold secrets.
    """
    return os.environ.get(ADDRESSES, "").split()


def send(addresses: list[str], event: Event) -> list[str]:
    """Send an event to each address, in plain words; never raise.

    Parameters
    ----------
    addresses : list of str
        In the notation of apprise: https://github.com/caronc/apprise/wiki.
    event : Event

    Returns
    -------
    list of str
        Why it did not arrive, without the addresses, which hold secrets.
    """
    if not addresses:
        return []
    if find_spec("apprise") is None:
        return [_MISSING]
    sent = [(address, _send(address, event)) for address in addresses]
    return [
        f"{ADDRESSES}: {_label(place, address)} {failure}"
        for place, (address, failure) in enumerate(sent, start=1)
        if failure
    ]


def _send(address: str, event: Event) -> str:
    """Send to one address; return the failure, if any, without the library's words.

    Those may show the address. Nor are texts templates, and nothing is kept on disk.
    """
    import apprise

    asset = apprise.AppriseAsset(
        app_id="Longhaul",
        app_desc="Longhaul",
        async_mode=False,
        allow_templates=False,
        service_timeout=TIMEOUT_SECONDS,
    )
    try:
        messenger = apprise.Apprise(asset=asset)
        if not messenger.add(address):
            return "is not an address that apprise knows"
        urgency = apprise.NotifyType(event.urgency)
        arrived = messenger.notify(event.text, event.title, urgency, body_format="text")
        return "" if arrived else "failed"
    except Exception as error:  # of any of its hundred plugins: an alert stops no step
        return type(error).__name__


def _label(place: int, address: str) -> str:
    scheme = _SCHEME.match(address)
    return f"address {place} ({scheme[0].lower()})" if scheme else f"address {place}"
