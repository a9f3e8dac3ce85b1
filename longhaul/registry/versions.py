"""Versions and aliases of a registered model, as the registry has them."""

import re
from collections.abc import Iterator

import mlflow
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.tracking import pagination

_MODEL = re.compile(r"models:/(?P<name>[^/@:]+)(?:/(?P<version>\d+)|@(?P<alias>[\w-]+))")
_CANDIDATE = re.compile(r"runs:/(?P<run>[^/]+)/(?P<path>.+)")
_MISSING = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def resolve(uri: str) -> tuple[str, str]:
    """Name and version that ``models:/<name>/<version>`` or ``models:/<name>@<alias>`` means.

    Raises
    ------
    LonghaulError
        When `uri` is neither, or there is no such version or alias.
    """
    match = _MODEL.fullmatch(uri)
    if match is None:
        raise LonghaulError(
            f"model: {uri!r} is neither models:/<name>/<version> nor models:/<name>@<alias>"
        )
    name, alias = match["name"], match["alias"]
    if alias is None:
        return name, str(version(name, match["version"]).version)
    found = aliases(name)
    if alias not in found:
        known = ", ".join(sorted(found)) or "none"
        raise LonghaulError(f"{uri}: model {name!r} has no alias {alias!r}; it has {known}")
    return name, found[alias]


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


def all_versions(name: str) -> Iterator[ModelVersion]:
    """All versions of a registered model; none where there is no such model."""
    return pagination.paginate(mlflow.MlflowClient().search_model_versions, f"name = '{name}'")


def find_model(name: str) -> RegisteredModel | None:
    """The registered model; None where there is none.

    It is searched for: who asks a server with doors for a name that is not there, is told that he
    may not know.
    """
    return next(iter(mlflow.MlflowClient().search_registered_models(f"name = '{name}'")), None)


def aliases(name: str) -> dict[str, str]:
    """Alias to version; none where there is no such model."""
    found = find_model(name)
    return {alias: str(number) for alias, number in found.aliases.items()} if found else {}


def run_of_candidate(candidate: str) -> str:
    """The id of the run that logged ``runs:/<run>/model``; a run logs one model.

    Raises
    ------
    LonghaulError
        When `candidate` is not of that form.
    """
    match = _CANDIDATE.fullmatch(candidate)
    if match is None:
        raise LonghaulError(f"candidate: {candidate!r} is not of the form runs:/<run>/model")
    return match["run"]


def require_ready(name: str, number: str) -> None:
    """Refuse a version that is not there, or whose files are not there yet."""
    status = version(name, number).status
    if status != "READY":
        raise LonghaulError(f"models:/{name}/{number}: not ready to be champion; it is {status}")
