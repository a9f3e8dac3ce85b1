"""Versions and aliases of a registered model, read from the registry."""

import contextlib
import re
from collections.abc import Iterator

import mlflow
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.registry import model_uri
from longhaul.registry.model_uri import version_uri
from longhaul.tracking import manifest
from longhaul.tracking.pagination import paginate

_CANDIDATE = re.compile(r"runs:/(?P<run>[^/]+)/(?P<path>.+)")
_MISSING = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def resolve(uri: str) -> tuple[str, str]:
    """Return name and version of ``models:/<name>/<version>`` or ``models:/<name>@<alias>``.

    Raises
    ------
    LonghaulError
        When `uri` is neither, or there is no such version or alias.
    """
    registered = model_uri.parse(uri)
    if registered is None or not (registered.alias or registered.version.isdecimal()):
        raise LonghaulError(
            f"model: {uri!r} is neither models:/<name>/<version> nor models:/<name>@<alias>"
        )
    name, alias = registered.name, registered.alias
    if not alias:
        return name, str(version(name, registered.version).version)
    numbers = aliases(name)
    if alias not in numbers:
        existing = ", ".join(sorted(numbers)) or "none"
        raise LonghaulError(f"{uri}: model {name!r} has no alias {alias!r}; it has {existing}")
    return name, numbers[alias]


def version(name: str, number: str) -> ModelVersion:
    """Return a version of a registered model.

    Raises
    ------
    LonghaulError
        When there is none.
    """
    try:
        return mlflow.MlflowClient().get_model_version(name, number)
    except MlflowException as error:
        if error.error_code in _MISSING:
            raise LonghaulError(f"{version_uri(name, number)}: no such version") from None
        raise


def all_versions(name: str) -> Iterator[ModelVersion]:
    """Yield all versions of a registered model; none where there is no such model."""
    return paginate(mlflow.MlflowClient().search_model_versions, f"name = '{name}'")


def find_model(name: str) -> RegisteredModel | None:
    """Return the registered model; None where there is none.

    It is searched for, not asked for by name: a server with users answers a name that does not
    exist with "permission denied".
    """
    return next(iter(mlflow.MlflowClient().search_registered_models(f"name = '{name}'")), None)


def aliases(name: str) -> dict[str, str]:
    """Return the version of each alias; empty where there is no such model."""
    model = find_model(name)
    return {alias: str(number) for alias, number in model.aliases.items()} if model else {}


def run_of_candidate(candidate: str) -> str:
    """Return the id of the run that logged ``runs:/<run>/model``; a run logs one model.

    Raises
    ------
    LonghaulError
        When `candidate` is not of that form.
    """
    match = _CANDIDATE.fullmatch(candidate)
    if match is None:
        raise LonghaulError(f"candidate: {candidate!r} is not of the form runs:/<run>/model")
    return match["run"]


def run_of_version(uri: str) -> str:
    """Return the id of the run that logged a registered version; see `resolve`."""
    return str(version(*resolve(uri)).run_id)


def require_whole(name: str, number: str) -> None:
    """Refuse a version with files that are gone, or are not as they were when it was made."""
    client = mlflow.MlflowClient()
    try:
        damage = manifest.find_damage(client.get_run(version(name, number).run_id), manifest.MODELS)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        damage = "its run or its model is gone"
    if damage:
        raise LonghaulError(
            f"{version_uri(name, number)}: its files are not as they were: {damage}; restore them"
            " from a backup, promote another version, or delete this one"
        )


def require_ready(name: str, number: str) -> None:
    """Refuse a version that does not exist or is not complete yet."""
    status = version(name, number).status
    if status != "READY":
        raise LonghaulError(
            f"{version_uri(name, number)}: not ready to be champion; it is {status}"
        )


def create_model(name: str) -> None:
    """Create a registered model, to have a ledger before the first version; keep one there is."""
    if find_model(name) is None:
        with contextlib.suppress(MlflowException):  # another process was first
            mlflow.MlflowClient().create_registered_model(name)
