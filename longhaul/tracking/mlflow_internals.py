"""MLflow's internals that Longhaul uses, in one place: look here first when MLflow is upgraded.

What is imported here is outside MLflow's documented interface. Subclasses of MLflow's abstract
classes, such as `longhaul.tracking.datasets.RunArtifact`, are an interface and stand elsewhere.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.entities import PagedList
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT, MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE
from mlflow.utils.uri import is_local_uri

__all__ = [
    "MLFLOW_DATASET_CONTEXT",
    "MLFLOW_PARENT_RUN_ID",
    "MLFLOW_RUN_NOTE",
    "ArtifactRepository",
    "PagedList",
    "download_file",
    "entry_point_commands",
    "get_artifact_repository",
    "local_path",
    "validate_parameters",
]


def local_path(uri: str) -> Path | None:
    """Return the path of an artifact URI on this machine; None where it is elsewhere."""
    return Path(local_file_uri_to_path(uri)) if is_local_uri(uri) else None


def download_file(repository: ArtifactRepository, path: str, target: Path) -> None:
    """Write a local copy of one artifact, to a name of the caller's choice."""
    repository._download_file(path, str(target))


def entry_point_commands(project: Any) -> Iterable[str]:
    """Return the commands of the entry points that an MLflow project declares."""
    return [entry_point.command for entry_point in project._entry_points.values()]


def validate_parameters(project: Any, entry_point: str, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that an entry point of an MLflow project lacks or does not declare."""
    project.get_entry_point(entry_point)._validate_parameters(parameters)
