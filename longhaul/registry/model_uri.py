"""Model URIs: parsing, and resolving to a version that stays the same when an alias moves."""

import re
from dataclasses import dataclass
from typing import NamedTuple

import mlflow

from longhaul.errors import LonghaulError

_REGISTERED = re.compile(r"models:/+(?P<name>[^/@:]+)(?:/(?P<version>[^/@]+)|@(?P<alias>[^/@]+))")
_RUN = re.compile(r"^runs:/+(?P<run>[^/]+)(/|$)")


class RegisteredModelUri(NamedTuple):
    """Parts of the URI of a registered model.

    Attributes
    ----------
    name : str
    version : str
        A number, a stage or ``latest``; empty where an alias is named.
    alias : str
        Empty where a version is named.
    """

    name: str
    version: str
    alias: str


@dataclass(frozen=True)
class ModelUri:
    """A model's name, version and a URI that never means another model.

    Attributes
    ----------
    name : str
        Of the registered model, or the run that logged it.
    version : str
        Of the registered model; empty for others.
    uri : str
    """

    name: str
    version: str
    uri: str

    @property
    def key(self) -> str:
        """Name and version as the name of a folder."""
        return re.sub(r"[^\w.-]", "_", "-".join(filter(None, [self.name, self.version])))


def parse(uri: str) -> RegisteredModelUri | None:
    """Parse ``models:/<name>/<version>`` or ``models:/<name>@<alias>``; None for other URIs."""
    match = _REGISTERED.fullmatch(uri)
    if match is None:
        return None
    return RegisteredModelUri(match["name"], match["version"] or "", match["alias"] or "")


def version_uri(name: str, number: str) -> str:
    """Return the URI of a version of a registered model."""
    return f"models:/{name}/{number}"


def resolve_model(uri: str) -> ModelUri:
    """Resolve the alias or stage of a model URI to the version that it means now.

    Raises
    ------
    LonghaulError
        When no version has that alias or stage.
    """
    if registered := parse(uri):
        number = _number(registered)
        return ModelUri(registered.name, number, version_uri(registered.name, number))
    if run := _RUN.match(uri):
        return ModelUri(run["run"], "", uri)
    return ModelUri(uri.rstrip("/").rpartition("/")[2], "", uri)


def _number(registered: RegisteredModelUri) -> str:
    client, name, version = mlflow.MlflowClient(), registered.name, registered.version
    if version.isdecimal():
        return version
    try:
        if registered.alias:
            return str(client.get_model_version_by_alias(name, registered.alias).version)
        stages = None if version == "latest" else [version]
        latest = client.get_latest_versions(name, stages)
    except mlflow.exceptions.MlflowException as error:
        raise LonghaulError(f"model {name!r}: {str(error).splitlines()[0]}") from None
    if not latest:
        raise LonghaulError(f"model {name!r}: no version is in stage {version!r}")
    return str(max(int(candidate.version) for candidate in latest))
