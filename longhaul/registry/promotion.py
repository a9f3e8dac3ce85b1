"""Registration, promotion and rollback of the versions of a registered model.

The aliases ``champion`` and ``challenger`` are authoritative. MLflow's older stages mirror them
while MLflow still has stages: Production, Staging, and Archived for former ones.
"""

import contextlib
import io
from datetime import datetime
from textwrap import shorten
from typing import NamedTuple

import mlflow
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.registry import canary, challengers, ledger, legacy_stages, versions
from longhaul.registry.ledger import NONE, LedgerLine, Move
from longhaul.registry.legacy_stages import CHALLENGER, CHAMPION
from longhaul.registry.lock import lock
from longhaul.tracking.tags import OUTCOME

ANY = "any"


class ChampionChange(NamedTuple):
    """Champion before and after a promotion or rollback; the same where nothing changed."""

    before: str
    after: str


def champion(name: str) -> str | None:
    """Return the version that is champion; None where there is none, or no such model."""
    return versions.aliases(name).get(CHAMPION)


def incumbent(name: str, candidate: str) -> str:
    """Return the version that a candidate has to beat, or "none".

    For a candidate that has been champion already, it is the version that it replaced then.

    Parameters
    ----------
    name : str
        The registered model.
    candidate : str
        ``runs:/<run>/model``.
    """
    current, run = champion(name), versions.run_of_candidate(candidate)
    if current is None:
        return NONE
    numbers = _versions_of(name, run)
    replaced = [line.before for line in _promotions(name) if line.after in numbers]
    return replaced[-1] if replaced else current


def promoted_version(name: str, candidate: str) -> str | None:
    """Return the version of a candidate that is or has been champion; None for others.

    One that was rolled back does not count.

    Parameters
    ----------
    name : str
        The registered model.
    candidate : str
        ``runs:/<run>/model``.
    """
    numbers = _versions_of(name, versions.run_of_candidate(candidate))
    history = ledger.settle_states(ledger.lines(name), champion(name))
    return next((number for number in ledger.champion_stack(history) if number in numbers), None)


def register(name: str, candidate: str, tags: dict[str, str], description: str) -> str:
    """Register a candidate as a version with alias challenger, unless it is registered already.

    Parameters
    ----------
    name : str
        The registered model; it is created where there is none.
    candidate : str
        ``runs:/<run>/model``.
    tags : dict of str
        Of the version.
    description : str
        Of the version, in Markdown.

    Returns
    -------
    str
        The version: the existing one, where the candidate was registered before.
    """
    client, run = mlflow.MlflowClient(), versions.run_of_candidate(candidate)
    with lock(name):
        number = next(iter(_versions_of(name, run)), None) or _create(name, candidate, run)
        waiting = challengers.undecided_or_unapproved(name)
        if waiting and waiting != number:
            _refuse(name, waiting, f"replaced by version {number}", "")
        for key, value in tags.items():
            client.set_model_version_tag(name, number, key, value)
        client.update_model_version(name, number, description)
        if number != champion(name):
            client.set_registered_model_alias(name, CHALLENGER, number)
        legacy_stages.mirror(name)
    return number


def promote(
    name: str, number: str, reason: str, evidence: str = "", expected_champion: str = ANY
) -> ChampionChange:
    """Make a version the champion, if the present champion is the expected one.

    Parameters
    ----------
    name, number : str
        The registered model and its version.
    reason, evidence : str
        For the ledger: why, and the id of the run that supports the promotion.
    expected_champion : str
        The version that must be champion now: a number, "none" or "any".

    Returns
    -------
    Moved
        Before and after are the same where nothing changed: the version is champion already, or it
        replaced the expected one earlier and other champions have followed.

    Raises
    ------
    LonghaulError
        When there is no such version, it is not ready, the champion is not the expected one, or
        the reason is empty or too long.
    """
    ledger.check_texts(reason, evidence)
    _check_expected(expected_champion)
    versions.require_ready(name, number)
    with lock(name):
        settle_interrupted(name)
        current = champion(name) or NONE
        if current == number:
            return ChampionChange(number, number)
        if expected_champion not in {ANY, current}:
            promotions = [(line.before, line.after) for line in _promotions(name)]
            if (expected_champion, number) in promotions:
                return ChampionChange(current, current)
            raise LonghaulError(
                f"{name}: the champion is {_label(current)}, not {_label(expected_champion)} as"
                f" expected; nothing was changed; compare version {number} with it, then promote"
                " again"
            )
        _move(name, "promote", current, number, reason, evidence)
    return ChampionChange(current, number)


def rollback(name: str, reason: str) -> ChampionChange:
    """Make the previous champion the champion again.

    Raises
    ------
    LonghaulError
        When there is no champion, or the ledger names none before it.
    """
    ledger.check_texts(reason)
    with lock(name):
        settle_interrupted(name)
        current = champion(name)
        if current is None:
            raise LonghaulError(f"{name}: no champion to roll back; promote a version first")
        earlier = ledger.previous_champion(ledger.lines(name), current)
        if earlier == NONE:
            raise LonghaulError(
                f"{name}: the ledger names no champion before version {current}; promote another"
                " version instead"
            )
        versions.require_ready(name, earlier)
        _move(name, "rollback", current, earlier, reason, "")
    return ChampionChange(current, earlier)


def refuse(name: str, number: str, reason: str, evidence: str) -> bool:
    """Refuse the challenger: its alias is removed, its stage is Archived.

    Parameters
    ----------
    name, number : str
        The registered model and its version.
    reason, evidence : str
        For the ledger: why, and the id of the run that speaks against it.

    Returns
    -------
    bool
        False where that version is not the challenger; then nothing changes.
    """
    ledger.check_texts(reason, evidence)
    with lock(name):
        if versions.aliases(name).get(CHALLENGER) != number:
            return False
        settle_interrupted(name)
        _refuse(name, number, reason, evidence)
        legacy_stages.mirror(name)
    return True


def was_promoted(name: str, number: str) -> bool:
    """Return whether a version was ever promoted; one that was rolled back counts."""
    return any(line.after == number for line in _promotions(name))


def first_promotions(name: str) -> dict[str, float]:
    """Return when each version became champion first, in seconds since 1970."""
    moments: dict[str, float] = {}
    for line in _promotions(name):
        moments.setdefault(line.after, datetime.fromisoformat(line.when).timestamp())
    return moments


def settle_interrupted(name: str) -> None:
    """Complete or void the interrupted moves in the ledger; call it under the lock."""
    history = ledger.lines(name)
    for line, settled in zip(history, ledger.settle_states(history, champion(name)), strict=True):
        if line.state != settled.state:
            _finish(name, line) if settled.state == "done" else ledger.end(name, line, "void")


def _versions_of(name: str, run: str) -> list[str]:
    """Return the versions that were registered from a run."""
    return [
        str(version.version) for version in versions.all_versions(name) if version.run_id == run
    ]


def _promotions(name: str) -> list[LedgerLine]:
    """Return the promotions that were carried out, oldest first."""
    history = ledger.settle_states(ledger.lines(name), champion(name))
    return [line for line in history if line.state == "done" and line.move == "promote"]


def _move(name: str, move: Move, before: str, after: str, reason: str, evidence: str) -> None:
    """Move the alias between the two writes of the ledger; call it under the lock."""
    who = ledger.current_user()
    line = ledger.begin(name, LedgerLine("", who, move, before, after, reason, evidence))
    mlflow.MlflowClient().set_registered_model_alias(name, CHAMPION, after)
    _finish(name, line)


def _refuse(name: str, number: str, reason: str, evidence: str) -> None:
    """Take the alias from a challenger between the writes of the ledger; call it under the lock."""
    client, current = mlflow.MlflowClient(), champion(name) or NONE
    text = shorten(f"version {number} refused: {reason}", ledger.REASON_LENGTH, placeholder=" …")
    who = ledger.current_user()
    line = ledger.begin(name, LedgerLine("", who, "refuse", current, current, text, evidence))
    client.delete_registered_model_alias(name, CHALLENGER)
    client.set_model_version_tag(name, number, OUTCOME, "refuse")
    ledger.end(name, line, "done")


def _finish(name: str, line: LedgerLine) -> None:
    """Update challenger, stages and ledger after the champion's alias moved; may be repeated.

    A canary was compared with the champion before, and ends with it.
    """
    canary.clear(name)
    if versions.aliases(name).get(CHALLENGER) == line.after:
        mlflow.MlflowClient().delete_registered_model_alias(name, CHALLENGER)
    legacy_stages.mirror(name)
    ledger.end(name, line, "done")


def _create(name: str, candidate: str, run: str) -> str:
    """Register the candidate, without MLflow's messages on the terminal; return its number."""
    with contextlib.redirect_stderr(io.StringIO()):
        number = str(mlflow.register_model(candidate, name).version)
    for duplicate in _versions_of(name, run):
        # The answer was lost: MLflow repeated the request, and got a second version.
        if duplicate != number:
            _delete(name, duplicate)
    return number


def _delete(name: str, number: str) -> None:
    """Delete a version; one that is gone was deleted before its answer was lost."""
    try:
        mlflow.MlflowClient().delete_model_version(name, number)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise


def _check_expected(expected_champion: str) -> None:
    if expected_champion not in {ANY, NONE} and not expected_champion.isdecimal():
        raise LonghaulError(
            f"expected_champion: {expected_champion!r} is neither the number of a version, none nor"
            " any"
        )


def _label(number: str) -> str:
    return NONE if number == NONE else f"version {number}"
