"""Mutual exclusion between processes that share an MLflow store, with what MLflow has.

Creating a registered model is atomic in every store: its name is a primary key. So a lock is a
registered model that is there while the lock is held; its tags say by whom.

A lock whose holder is gone is broken. To break it takes a claim, a registered model too, named
after that very acquisition: of those who find the same dead holder one gets the claim, and it
looks again before it deletes, so nobody deletes the lock of whoever came next.

What is left: a process that is killed within the few milliseconds of breaking leaves a lock that
no one breaks; the message on timeout names what to delete. And a holder on another host that
still works after `STALE_SECONDS` is taken for dead; a promotion takes a second.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mlflow
from mlflow.entities.model_registry import RegisteredModel
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.tracking import owner

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
    held, token = name + SUFFIX, uuid.uuid4().hex[:12]
    _acquire(held, token, time.monotonic() + timeout)
    try:
        yield
    finally:
        found = _find(held)
        if found and found.tags.get(TOKEN) == token:
            _delete(held)


def _acquire(name: str, token: str, deadline: float) -> None:
    while not _create(name, {HOLDER: owner.current(), TOKEN: token}):
        found = _find(name)
        if found and _dead(found):
            _break(found)
        elif found and time.monotonic() > deadline:
            raise LonghaulError(
                f"{name}: held by process {found.tags.get(HOLDER, 'unknown')} (host/process/start);"
                " wait for it, or, when it is gone for certain, delete this registered model"
            )
        else:
            time.sleep(POLL_SECONDS)


def _dead(found: RegisteredModel) -> bool:
    """Whether the holder is gone, as far as can be known from here."""
    holder = found.tags.get(HOLDER)
    age = time.time() - found.creation_timestamp / 1000
    if holder is None:
        return age > STALE_SECONDS
    return owner.gone(holder) or (_elsewhere(holder) and age > STALE_SECONDS)


def _elsewhere(holder: str) -> bool:
    return holder.rsplit("/", 2)[0] != owner.current().rsplit("/", 2)[0]


def _break(dead: RegisteredModel) -> None:
    """Delete a dead holder's lock, unless another does or did."""
    claim = f"{dead.name}.{dead.tags.get(TOKEN, 'unknown')}"
    if not _create(claim, {HOLDER: owner.current()}):
        time.sleep(POLL_SECONDS)
        return
    try:
        found = _find(dead.name)
        if found and found.tags.get(TOKEN) == dead.tags.get(TOKEN):
            _delete(dead.name)
    finally:
        _delete(claim)


def _create(name: str, tags: dict[str, str]) -> bool:
    """Whether it was this process that created the registered model."""
    try:
        mlflow.MlflowClient().create_registered_model(name, tags=tags)
    except MlflowException as error:
        if error.error_code in _CONTENDED:
            return False
        raise
    return True


def _find(name: str) -> Any:
    """The registered model, or None."""
    try:
        return mlflow.MlflowClient().get_registered_model(name)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def _delete(name: str) -> None:
    try:
        mlflow.MlflowClient().delete_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
