"""Corrections of registered versions: an artifact, named by a tag, with its changes in the ledger.

The version's tag is the truth: the URI of its correction, or `OFF` where a person has taken it
back. Services follow it as they follow the champion's alias.
"""

from dataclasses import dataclass
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.model.correction import Correction
from longhaul.registry import ledger, versions
from longhaul.registry.ledger import CorrectionMove, LedgerLine
from longhaul.registry.lock import lock
from longhaul.registry.model_uri import ModelUri
from longhaul.tracking.tags import CORRECTION

OFF = "off"


@dataclass(frozen=True)
class StoredCorrection:
    """Correction of a version, with the URI that it was read from."""

    source: str
    correction: Correction


def source(model: ModelUri) -> str:
    """Return the tag of a version: the URI of its correction, `OFF`, or empty."""
    if not model.version:
        return ""
    return str(versions.version(model.name, model.version).tags.get(CORRECTION, ""))


def is_off(model: ModelUri) -> bool:
    """Return whether a version's correction is taken back."""
    return source(model) == OFF


def find(model: ModelUri) -> StoredCorrection | None:
    """Read the correction of a model; None where it has none, or it is taken back.

    Raises
    ------
    LonghaulError
        When it cannot be read, or is another version's.
    """
    uri = source(model)
    return None if uri in {"", OFF} else read(uri, model)


def read(uri: str, model: ModelUri) -> StoredCorrection:
    """Read the correction at a URI; see `find`."""
    try:
        record: dict[str, Any] = mlflow.artifacts.load_dict(uri)
    except (MlflowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(
            f"correction: {uri} cannot be read: {reason}; recalibrate again, or take it back with"
            " state=off"
        ) from None
    correction = Correction.from_dict(record)
    if correction.version != model.uri:
        raise LonghaulError(
            f"correction: {uri} is of {correction.version}, not of {model.uri}; recalibrate again"
        )
    return StoredCorrection(uri, correction)


def store(model: ModelUri, uri: str, correction: Correction, reason: str, evidence: str) -> str:
    """Make a correction the version's; the ledger tells when the newest day turns on or off.

    Nothing changes where the version's correction is taken back, where it has one of later days,
    and where it has none and this one shifts no day.

    Parameters
    ----------
    model : ModelUri
        A registered version.
    uri : str
        Of the correction.
    correction : Correction
    reason, evidence : str
        For the ledger: why, and the id of the run that made the correction.

    Returns
    -------
    str
        The version's tag afterwards; see `source`.
    """
    with lock(model.name):
        _settle(model.name)
        before = source(model)
        if before == OFF or not (before or correction.active):
            return before
        earlier = _readable(before, model)
        if earlier and earlier.days[-1:] > correction.days[-1:]:
            return before
        move: CorrectionMove = "correction on" if correction.current else "correction off"
        if bool(correction.current) == bool(earlier and earlier.current):
            _set_tag(model, uri)
        else:
            _change(model, uri, move, reason, evidence)
    return uri


def withdraw(model: ModelUri, reason: str, evidence: str) -> bool:
    """Take a version's correction back, until `allow`; return whether it was not already."""
    ledger.check_texts(reason, evidence)
    with lock(model.name):
        _settle(model.name)
        if is_off(model):
            return False
        _change(model, OFF, "correction withdrawn", reason, evidence)
    return True


def allow(model: ModelUri, reason: str, evidence: str) -> bool:
    """Let a version have corrections again; return whether they were taken back."""
    with lock(model.name):
        _settle(model.name)
        if not is_off(model):
            return False
        ledger.check_texts(reason, evidence)
        _change(model, "", "correction allowed", reason, evidence)
    return True


def _change(model: ModelUri, tag: str, move: CorrectionMove, reason: str, evidence: str) -> None:
    """Set the tag between the two writes of the ledger; call it under the lock."""
    who, number = ledger.current_user(), model.version
    line = LedgerLine("", who, move, number, number, reason, evidence)
    begun = ledger.begin(model.name, line)
    _set_tag(model, tag)
    ledger.end(model.name, begun, "done")


def _set_tag(model: ModelUri, tag: str) -> None:
    client = mlflow.MlflowClient()
    if tag:
        client.set_model_version_tag(model.name, model.version, CORRECTION, tag)
    else:
        client.delete_model_version_tag(model.name, model.version, CORRECTION)


def _settle(name: str) -> None:
    """Complete or void the interrupted lines of corrections; call it under the lock."""
    for line in ledger.lines(name):
        if line.state == "started" and line.move.startswith("correction"):
            tags = versions.version(name, line.after).tags
            is_done = _is_result(tags.get(CORRECTION, ""), line)
            ledger.end(name, line, "done" if is_done else "void")


def _is_result(tag: str, line: LedgerLine) -> bool:
    """Return whether a version's tag is what a line was to make it."""
    if line.move == "correction withdrawn":
        return tag == OFF
    return not tag if line.move == "correction allowed" else line.evidence in tag


def _readable(uri: str, model: ModelUri) -> Correction | None:
    """Return the correction at a URI; None where there is none that can be read any more."""
    try:
        return read(uri, model).correction if uri else None
    except LonghaulError:
        return None
