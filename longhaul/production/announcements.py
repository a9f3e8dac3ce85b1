"""Announcements of events: to the signed webhook, and to the messengers that people read."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import mlflow

from longhaul.production import alerts, events, messengers
from longhaul.production.events import Event
from longhaul.registry import ledger

TAG = "longhaul.alert"


def announce(event: Event) -> None:
    """Send an event to all that are configured; no failure stops the step.

    A failure is one line on stderr, and in a tag of the active run.
    """
    address, secret = alerts.configured()
    failures = []
    if address and (failure := alerts.send(address, secret, event.message)):
        failures.append(failure)
    failures += messengers.send(messengers.configured(), event)
    if failures:
        text = "; ".join(failures)
        click.echo(f"note: the alert was not delivered: {text}", err=True)
        if mlflow.active_run():
            mlflow.set_tag(TAG, f"not delivered: {text}")


@contextmanager
def announced_moves(name: str) -> Iterator[None]:
    """Announce the lines of a model's ledger that this block ends as done.

    The alerts are sent after the block, when the lock is free again, even where the block fails
    after a line was ended. Each line is announced by the process that ended it, so once. Where a
    process is killed before it ends its line, the next move ends it and announces it; where it
    is killed between the two, that alert is never sent: the ledger has the line.

    Parameters
    ----------
    name : str
        The registered model.
    """
    with ledger.collect_ended() as ended:
        try:
            yield
        finally:
            run = mlflow.active_run()
            for line in ended:
                if event := events.move(name, line, run.info.run_id if run else ""):
                    announce(event)
