"""Versions of a registered model, and which of them is champion.

The aliases ``champion`` and ``challenger`` are the truth. MLflow's older stages mirror them for
as long as MLflow has stages: Production, Staging, and Archived for what was either.
"""

import contextlib
import getpass
import io
import re
import socket
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.tracking import ledger
from longhaul.tracking.ledger import NONE, Line, Move
from longhaul.tracking.lock import lock

CHAMPION, CHALLENGER = "champion", "challenger"
ANY = "any"

_MODEL = re.compile(r"models:/(?P<name>[^/@:]+)(?:/(?P<version>\d+)|@(?P<alias>[\w-]+))")
_CANDIDATE = re.compile(r"runs:/(?P<run>[^/]+)/(?P<path>.+)")
_STAGES = {CHAMPION: "Production", CHALLENGER: "Staging"}
_MISSING = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


class Moved(NamedTuple):
    """What a promotion or a rollback did: the version before and after; the same if nothing."""

    before: str
    after: str


def champion(name: str) -> str | None:
    """The version that is champion; None where there is none, or no such model."""
    return _aliases(name).get(CHAMPION)


def incumbent(name: str, candidate: str) -> str:
    """The version that a candidate has to beat, or "none".

    A candidate that is champion already is asked what it was asked when it won: to beat the
    version it replaced.

    Parameters
    ----------
    name : str
        The registered model.
    candidate : str
        ``runs:/<run>/model``.
    """
    current = champion(name)
    if current is None:
        return NONE
    if _is_made_from(version(name, current), candidate):
        return ledger.replaced(ledger.lines(name), current)
    return current


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
    if not _CANDIDATE.fullmatch(candidate):
        raise LonghaulError(f"candidate: {candidate!r} is not of the form runs:/<run>/model")
    client = mlflow.MlflowClient()
    with lock(name):
        made = (one for one in _versions(name) if _is_made_from(one, candidate))
        number = next((str(one.version) for one in made), None) or _create(name, candidate)
        for key, value in tags.items():
            client.set_model_version_tag(name, number, key, value)
        client.update_model_version(name, number, description)
        if number != champion(name):
            client.set_registered_model_alias(name, CHALLENGER, number)
        _mirror(name)
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
        Before and after are the same where the version was champion already.

    Raises
    ------
    LonghaulError
        When there is no such version, it is not ready, another one is champion than `replaces`
        says, or the reason is empty or too long.
    """
    ledger.check(reason, evidence)
    _check_replaces(replaces)
    _require_ready(name, number)
    with lock(name):
        settle(name)
        current = champion(name) or NONE
        if current == number:
            return Moved(number, number)
        if replaces not in {ANY, current}:
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
        _require_ready(name, earlier)
        _move(name, "rollback", current, earlier, reason, "")
    return Moved(current, earlier)


def settle(name: str) -> None:
    """Close a line of the ledger whose move was cut off; to be called under the lock."""
    for line in ledger.lines(name):
        if line.state == "started":
            _finish(name, line) if champion(name) == line.after else ledger.end(name, line, "void")


def resolve(uri: str) -> tuple[str, str]:
    """Name and version that ``models:/<name>/<version>`` or ``models:/<name>@<alias>`` means."""
    match = _MODEL.fullmatch(uri)
    if match is None:
        raise LonghaulError(
            f"model: {uri!r} is neither models:/<name>/<version> nor models:/<name>@<alias>"
        )
    name, alias = match["name"], match["alias"]
    if alias is None:
        return name, str(version(name, match["version"]).version)
    aliases = _aliases(name)
    if alias not in aliases:
        known = ", ".join(sorted(aliases)) or "none"
        raise LonghaulError(f"{uri}: model {name!r} has no alias {alias!r}; it has {known}")
    return name, aliases[alias]


def version(name: str, number: str) -> ModelVersion:
    """A version as the registry has it.

    Raises
    ------
    LonghaulError
        When there is none.
    """
    try:
        return mlflow.MlflowClient().get_model_version(name, number)
    except MlflowException as error:
        if error.error_code in _MISSING:
            raise LonghaulError(f"models:/{name}/{number}: no such version") from None
        raise


def _move(name: str, move: Move, before: str, after: str, reason: str, evidence: str) -> None:
    """Say it in the ledger, do it, say that it is done; under the lock."""
    who = f"{getpass.getuser()}@{socket.gethostname()}"
    line = ledger.begin(name, Line("", who, move, before, after, reason, evidence))
    mlflow.MlflowClient().set_registered_model_alias(name, CHAMPION, after)
    _finish(name, line)


def _finish(name: str, line: Line) -> None:
    """All that follows from a champion's alias; may be done again when it was cut off."""
    if _aliases(name).get(CHALLENGER) == line.after:
        mlflow.MlflowClient().delete_registered_model_alias(name, CHALLENGER)
    _mirror(name)
    ledger.end(name, line, "done")


def _mirror(name: str) -> None:
    """Make the stages follow the aliases."""
    client, aliases = mlflow.MlflowClient(), _aliases(name)
    if not hasattr(client, "transition_model_version_stage"):
        return
    wanted = {
        aliases[alias]: stage for alias, stage in reversed(_STAGES.items()) if alias in aliases
    }
    for one in _versions(name):
        number, stage = str(one.version), str(one.current_stage)
        right = wanted.get(number, "Archived" if stage in _STAGES.values() else stage)
        if stage != right:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)
                client.transition_model_version_stage(name, number, right)


def _create(name: str, candidate: str) -> str:
    """Register the candidate; what MLflow prints about it is not for this terminal."""
    with contextlib.redirect_stderr(io.StringIO()):
        return str(mlflow.register_model(candidate, name).version)


def _is_made_from(one: ModelVersion, candidate: str) -> bool:
    match = _CANDIDATE.fullmatch(candidate)
    return match is not None and one.run_id == match["run"]


def _versions(name: str) -> Iterator[ModelVersion]:
    client, token = mlflow.MlflowClient(), None
    while token != "":
        page = client.search_model_versions(f"name = '{name}'", page_token=token)
        yield from page
        token = page.token or ""


def _aliases(name: str) -> dict[str, str]:
    """Alias to version; none where there is no such model."""
    try:
        found = mlflow.MlflowClient().get_registered_model(name).aliases
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return {}
        raise
    return {alias: str(number) for alias, number in found.items()}


def _require_ready(name: str, number: str) -> None:
    status = version(name, number).status
    if status != "READY":
        raise LonghaulError(f"models:/{name}/{number}: not ready to be champion; it is {status}")


def _check_replaces(replaces: str) -> None:
    if replaces not in {ANY, NONE} and not replaces.isdecimal():
        raise LonghaulError(f"replaces: {replaces!r} is neither a version's number, none nor any")


def _say(number: str) -> str:
    return NONE if number == NONE else f"version {number}"
