"""Locks between processes that share an MLflow store, made of registered models.

Creating a registered model is atomic in every store: its name is a primary key. So a lock is a
registered model that exists while the lock is held; its tags name the holder.

A lock whose holder has ended is stale and is broken. MLflow cannot delete "this lock, if it is
still the same acquisition": so to break a lock takes a claim, named after that acquisition, and
the holder of the claim looks again before deleting. The lock of a later holder is never deleted. A
claim is itself a lock: a stale claim is broken in the same way.

Limits: hosts are told apart by name, and a holder on another host that still works after
`STALE_SECONDS` is taken for dead; a promotion takes a second.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.registry import versions
from longhaul.tracking import process_owner

SUFFIX = ".lock"
HOLDER, TOKEN = "longhaul.holder", "longhaul.token"
TIMEOUT_SECONDS = 60.0
STALE_SECONDS = 600.0
POLL_SECONDS = 0.05

_CONTENDED = ("RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST")


@contextmanager
def lock(name: str, timeout: float = TIMEOUT_SECONDS) -> Iterator[None]:
    """Hold the lock on a registered model for the length of a block.

    Parameters
    ----------
    name : str
        The registered model; it need not exist.
    timeout : float
        Seconds to wait for another holder.

    Raises
    ------
    LonghaulError
        When another process held the lock for all that time; the message names it.
    """
    with _held(name + SUFFIX, time.monotonic() + timeout):
        yield


@contextmanager
def _held(name: str, deadline: float) -> Iterator[None]:
    token = uuid.uuid4().hex[:12]
    _acquire(name, token, deadline)
    try:
        yield
    finally:
        _delete(name, token)


def _acquire(name: str, token: str, deadline: float) -> None:
    while not _create(name, {HOLDER: process_owner.current(), TOKEN: token}):
        held = versions.find_model(name)
        if _token(held) == token:  # the request was repeated, and its first copy succeeded
            return
        if held and _is_stale(held):
            _break(held, deadline)
            continue
        if held and time.monotonic() > deadline:
            raise LonghaulError(
                f"{name}: held by process {held.tags.get(HOLDER, 'unknown')} (host/process/start);"
                " wait until it ends, or, if it no longer runs, delete this registered model"
            )
        time.sleep(POLL_SECONDS)


def _is_stale(held: RegisteredModel) -> bool:
    """Return whether a lock's holder has ended, as far as this host can tell."""
    holder = held.tags.get(HOLDER)
    age = time.time() - held.creation_timestamp / 1000
    if holder is None:
        return age > STALE_SECONDS
    return process_owner.has_ended(holder) or (_on_another_host(holder) and age > STALE_SECONDS)


def _on_another_host(holder: str) -> bool:
    return holder.rsplit("/", 2)[0] != process_owner.current().rsplit("/", 2)[0]


def _break(stale: RegisteredModel, deadline: float) -> None:
    """Delete a stale lock, unless another process already did."""
    with _held(f"{stale.name}.{_token(stale)}", deadline):
        _delete(stale.name, _token(stale))


def _token(held: RegisteredModel | None) -> str | None:
    """Return the token of a lock's acquisition; None where there is no lock."""
    return held and held.tags.get(TOKEN, "unknown")


def _create(name: str, tags: dict[str, str]) -> bool:
    """Create a registered model; return False where another process was first."""
    try:
        mlflow.MlflowClient().create_registered_model(name, tags=tags)
    except MlflowException as error:
        if error.error_code in _CONTENDED:
            return False
        raise
    return True


def _delete(name: str, token: str | None) -> None:
    """Delete the lock of an acquisition, unless another process already did."""
    if _token(versions.find_model(name)) != token:
        return
    try:
        mlflow.MlflowClient().delete_registered_model(name)
    except MlflowException:
        if _token(versions.find_model(name)) == token:
            raise
