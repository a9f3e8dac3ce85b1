"""Mutual exclusion between processes that share an MLflow store, with what MLflow has.

Creating a registered model is atomic in every store: its name is a primary key. So a lock is a
registered model that is there while the lock is held; its tags say by whom.

A lock whose holder is gone is broken. MLflow cannot delete "this lock, if it is still that one":
so to break it takes a claim, named after that very acquisition, and whoever has the claim looks
again before deleting. Nobody deletes the lock of whoever came next. A claim is itself a lock: one
left by a breaker that was killed is broken in the same way.

What is left: hosts are told apart by name, and a holder on another host that still works after
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
        How many seconds to wait for another holder.

    Raises
    ------
    LonghaulError
        When another process held the lock all the time; it is named.
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
        found = versions.find_model(name)
        if _token(found) == token:  # a request that was sent again: the first one did it
            return
        if found and _dead(found):
            _break(found, deadline)
            continue
        if found and time.monotonic() > deadline:
            raise LonghaulError(
                f"{name}: held by process {found.tags.get(HOLDER, 'unknown')} (host/process/start);"
                " wait for it, or, when it is gone for certain, delete this registered model"
            )
        time.sleep(POLL_SECONDS)


def _dead(found: RegisteredModel) -> bool:
    """Whether the holder is gone, as far as can be known from here."""
    holder = found.tags.get(HOLDER)
    age = time.time() - found.creation_timestamp / 1000
    if holder is None:
        return age > STALE_SECONDS
    return process_owner.has_ended(holder) or (_elsewhere(holder) and age > STALE_SECONDS)


def _elsewhere(holder: str) -> bool:
    return holder.rsplit("/", 2)[0] != process_owner.current().rsplit("/", 2)[0]


def _break(dead: RegisteredModel, deadline: float) -> None:
    """Delete a dead holder's lock, unless another did."""
    with _held(f"{dead.name}.{_token(dead)}", deadline):
        _delete(dead.name, _token(dead))


def _token(found: RegisteredModel | None) -> str | None:
    """Which acquisition a lock is of; None where there is no lock."""
    return found and found.tags.get(TOKEN, "unknown")


def _create(name: str, tags: dict[str, str]) -> bool:
    """Whether it was this process that created the registered model."""
    try:
        mlflow.MlflowClient().create_registered_model(name, tags=tags)
    except MlflowException as error:
        if error.error_code in _CONTENDED:
            return False
        raise
    return True


def _delete(name: str, token: str | None) -> None:
    """Delete the lock of one acquisition, unless it is gone."""
    if _token(versions.find_model(name)) != token:
        return
    try:
        mlflow.MlflowClient().delete_registered_model(name)
    except MlflowException:
        if _token(versions.find_model(name)) == token:
            raise
