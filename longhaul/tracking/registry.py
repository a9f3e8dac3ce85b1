"""Which version of a registered model is champion, and how that changes.

The aliases ``champion`` and ``challenger`` are the truth. MLflow's older stages mirror them for
as long as MLflow has stages: Production, Staging, and Archived for what was either.
"""

import contextlib
import getpass
import io
import os
import socket
from typing import NamedTuple

import mlflow

from longhaul.errors import LonghaulError
from longhaul.tracking import ledger, stages, versions
from longhaul.tracking.ledger import NONE, Line, Move
from longhaul.tracking.lock import lock
from longhaul.tracking.stages import CHALLENGER, CHAMPION

ANY = "any"


class Moved(NamedTuple):
    """What a promotion or a rollback did: the version before and after; the same if nothing."""

    before: str
    after: str


def champion(name: str) -> str | None:
    """The version that is champion; None where there is none, or no such model."""
    return versions.aliases(name).get(CHAMPION)


def incumbent(name: str, candidate: str) -> str:
    """The version that a candidate has to beat, or "none".

    A candidate that has been champion is asked what it was asked when it won: to beat the version
    that it replaced.

    Parameters
    ----------
    name : str
        The registered model.
    candidate : str
        ``runs:/<run>/model``.
    """
    current, run = champion(name), versions.run_of(candidate)
    if current is None:
        return NONE
    known = {str(one.version) for one in versions.every(name) if one.run_id == run}
    won = [line.before for line in _promotions(name) if line.after in known]
    return won[-1] if won else current


def crowned(name: str, candidate: str) -> str | None:
    """The version of a candidate, if it is champion, or the champion came after it.

    One that was rolled back is neither.

    Parameters
    ----------
    name : str
        The registered model.
    candidate : str
        ``runs:/<run>/model``.
    """
    run = versions.run_of(candidate)
    known = {str(one.version) for one in versions.every(name) if one.run_id == run}
    history = ledger.settled(ledger.lines(name), champion(name))
    return next((number for number in ledger.throne(history) if number in known), None)


def register(name: str, candidate: str, tags: dict[str, str], description: str) -> str:
    """Make a candidate a version: alias challenger, stage Staging. Twice is as good as once.

    Parameters
    ----------
    name : str
        The registered model; it is created if need be.
    candidate : str
        ``runs:/<run>/model``.
    tags : dict of str
        Of the version.
    description : str
        Of the version, in Markdown.

    Returns
    -------
    str
        The version: the one there is, where the candidate was registered before.
    """
    client, run = mlflow.MlflowClient(), versions.run_of(candidate)
    with lock(name):
        made = (str(one.version) for one in versions.every(name) if one.run_id == run)
        number = next(made, None) or _create(name, candidate, run)
        for key, value in tags.items():
            client.set_model_version_tag(name, number, key, value)
        client.update_model_version(name, number, description)
        if number != champion(name):
            client.set_registered_model_alias(name, CHALLENGER, number)
        stages.mirror(name)
    return number


def promote(name: str, number: str, reason: str, evidence: str = "", replaces: str = ANY) -> Moved:
    """Make a version the champion, if the champion is the one it is meant to replace.

    Parameters
    ----------
    name, number : str
        The registered model and its version.
    reason, evidence : str
        For the ledger: why, and the id of the run that speaks for it.
    replaces : str
        The version that must be champion now: a number, "none" or "any".

    Returns
    -------
    Moved
        Before and after are the same where nothing was moved: the version is champion, or it has
        replaced the one named before and others have followed.

    Raises
    ------
    LonghaulError
        When there is no such version, it is not ready, another one is champion than `replaces`
        says, or the reason is empty or too long.
    """
    ledger.check(reason, evidence)
    _check_replaces(replaces)
    versions.require_ready(name, number)
    with lock(name):
        settle(name)
        current = champion(name) or NONE
        if current == number:
            return Moved(number, number)
        if replaces not in {ANY, current}:
            if any((line.before, line.after) == (replaces, number) for line in _promotions(name)):
                return Moved(current, current)
            raise LonghaulError(
                f"{name}: the champion is {_say(current)}, not {_say(replaces)} as expected;"
                f" nothing was changed; compare version {number} with it, then promote again"
            )
        _move(name, "promote", current, number, reason, evidence)
    return Moved(current, number)


def rollback(name: str, reason: str) -> Moved:
    """Give the championship back to the version that held it before.

    Raises
    ------
    LonghaulError
        When there is no champion, or the ledger knows of none before it.
    """
    ledger.check(reason)
    with lock(name):
        settle(name)
        current = champion(name)
        if current is None:
            raise LonghaulError(f"{name}: no champion to roll back")
        earlier = ledger.replaced(ledger.lines(name), current)
        if earlier == NONE:
            raise LonghaulError(f"{name}: the ledger knows of no champion before version {current}")
        versions.require_ready(name, earlier)
        _move(name, "rollback", current, earlier, reason, "")
    return Moved(current, earlier)


def settle(name: str) -> None:
    """Close a line of the ledger whose move was cut off; to be called under the lock."""
    found = ledger.lines(name)
    for line, settled in zip(found, ledger.settled(found, champion(name)), strict=True):
        if line.state != settled.state:
            _finish(name, line) if settled.state == "done" else ledger.end(name, line, "void")


def _promotions(name: str) -> list[Line]:
    """The promotions that were carried out, in order of time."""
    history = ledger.settled(ledger.lines(name), champion(name))
    return [line for line in history if line.state == "done" and line.move == "promote"]


def _move(name: str, move: Move, before: str, after: str, reason: str, evidence: str) -> None:
    """Say it in the ledger, do it, say that it is done; under the lock."""
    who = f"{_user()}@{socket.gethostname()}"
    if user := os.environ.get("MLFLOW_TRACKING_USERNAME"):
        who = f"{user} ({who})"
    line = ledger.begin(name, Line("", who, move, before, after, reason, evidence))
    mlflow.MlflowClient().set_registered_model_alias(name, CHAMPION, after)
    _finish(name, line)


def _user() -> str:
    """Name the user of this process; by number where the machine has no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _finish(name: str, line: Line) -> None:
    """All that follows from a champion's alias; may be done again when it was cut off."""
    if versions.aliases(name).get(CHALLENGER) == line.after:
        mlflow.MlflowClient().delete_registered_model_alias(name, CHALLENGER)
    stages.mirror(name)
    ledger.end(name, line, "done")


def _create(name: str, candidate: str, run: str) -> str:
    """Register the candidate; what MLflow prints about it is not for this terminal."""
    with contextlib.redirect_stderr(io.StringIO()):
        number = str(mlflow.register_model(candidate, name).version)
    for one in versions.every(name):
        # An answer that was lost: MLflow asked again, and got a second version.
        if one.run_id == run and str(one.version) != number:
            mlflow.MlflowClient().delete_model_version(name, str(one.version))
    return number


def _check_replaces(replaces: str) -> None:
    if replaces not in {ANY, NONE} and not replaces.isdecimal():
        raise LonghaulError(f"replaces: {replaces!r} is neither a version's number, none nor any")


def _say(number: str) -> str:
    return NONE if number == NONE else f"version {number}"
