"""Which model a URI means, said so that it still means the same when an alias has moved on."""

import re
from dataclasses import dataclass

import mlflow

from longhaul.errors import LonghaulError

_REGISTERED = re.compile(r"^models:/+(?P<name>[^/@]+)(?:/(?P<version>[^/@]+)|@(?P<alias>[^/@]+))$")
_RUN = re.compile(r"^runs:/+(?P<run>[^/]+)(/|$)")


@dataclass(frozen=True)
class ModelUri:
    """A model by name.

    Attributes
    ----------
    name : str
        Of the registered model, or the run that logged it.
    version : str
        Of the registered model; empty for others.
    uri : str
        That never means another model.
    """

    name: str
    version: str
    uri: str

    @property
    def key(self) -> str:
        """Name and version as the name of a folder."""
        return re.sub(r"[^\w.-]", "_", "-".join(filter(None, [self.name, self.version])))


def resolve_model(uri: str) -> ModelUri:
    """The model at `uri`.

    Raises
    ------
    LonghaulError
        When no version has that alias or stage.
    """
    if registered := _REGISTERED.match(uri):
        name = registered["name"]
        version = _version(name, registered["version"], registered["alias"])
        return ModelUri(name, version, f"models:/{name}/{version}")
    if run := _RUN.match(uri):
        return ModelUri(run["run"], "", uri)
    return ModelUri(uri.rstrip("/").rpartition("/")[2], "", uri)


def _version(name: str, version: str | None, alias: str | None) -> str:
    client = mlflow.MlflowClient()
    if version is not None and version.isdecimal():
        return version
    try:
        if alias is not None:
            return str(client.get_model_version_by_alias(name, alias).version)
        stage = None if version == "latest" else [str(version)]
        found = client.get_latest_versions(name, stage)
    except mlflow.exceptions.MlflowException as error:
        raise LonghaulError(f"model {name!r}: {str(error).splitlines()[0]}") from None
    if not found:
        raise LonghaulError(f"model {name!r}: no version is in stage {version!r}")
    return str(max(int(one.version) for one in found))
