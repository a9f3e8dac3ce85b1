"""Garbage collection of runs that no registered model references.

Roots are unfinished runs, the runs that made registered versions, and the runs that tags of
registered models name: the ledger's evidence, and the history in production. A run references
the runs that its parameters and tags name, its parent among them, and its children. Every run
that is reachable from a root, in any experiment, is kept.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import mlflow
from mlflow.entities import Run, ViewType
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from longhaul.tracking.mlflow_internals import (
    MLFLOW_PARENT_RUN_ID,
    ArtifactRepository,
    get_artifact_repository,
)
from longhaul.tracking.pagination import paginate

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_MODEL = re.compile(r"(?<![\w-])m-[0-9a-f]{32}(?![0-9a-f])")
_PAGE = 1000


@dataclass(frozen=True)
class Inventory:
    """Runs of an experiment, and which of them must stay.

    Attributes
    ----------
    runs : mapping of str to Run
        By id; those marked as deleted, too.
    reachable : frozenset of str
        Ids of the runs that must stay.
    """

    runs: Mapping[str, Run]
    reachable: frozenset[str]

    def collectable(self, before: int) -> list[Run]:
        """Return the unreachable runs that ended before a time in ms since 1970, oldest first."""
        runs = [
            run
            for run_id, run in self.runs.items()
            if run_id not in self.reachable
            and run.info.end_time is not None
            and run.info.end_time < before
        ]
        return sorted(runs, key=lambda run: run.info.start_time)


def take_inventory(experiment_id: str) -> Inventory:
    """List the runs of an experiment; references from other experiments count, too."""
    client = mlflow.MlflowClient()
    experiments = paginate(client.search_experiments, ViewType.ALL)
    ids = [experiment.experiment_id for experiment in experiments]
    matches = paginate(client.search_runs, ids, "", ViewType.ALL, max_results=_PAGE)
    runs = {run.info.run_id: run for run in matches}
    unfinished = {run_id for run_id, run in runs.items() if run.info.end_time is None}
    kept = reachable(runs, _roots() | unfinished)
    local = {k: run for k, run in runs.items() if run.info.experiment_id == experiment_id}
    return Inventory(local, kept & local.keys())


def reachable(runs: Mapping[str, Run], roots: Iterable[str]) -> frozenset[str]:
    """Find the runs that are reachable from some runs through any number of references.

    Parameters
    ----------
    runs : mapping of str to Run
    roots : iterable of str
        Ids; those that are not in `runs` are ignored.
    """
    children: dict[str, list[str]] = {}
    for run_id, run in runs.items():
        children.setdefault(run.data.tags.get(MLFLOW_PARENT_RUN_ID, ""), []).append(run_id)
    reached: set[str] = set()
    waiting = [run_id for run_id in roots if run_id in runs]
    while waiting:
        run_id = waiting.pop()
        if run_id in reached:
            continue
        reached.add(run_id)
        named = _named([*runs[run_id].data.params.values(), *runs[run_id].data.tags.values()])
        waiting += [child for child in [*named, *children.get(run_id, [])] if child in runs]
    return frozenset(reached)


def delete(run: Run) -> int:
    """Mark a run and its models as deleted, remove their artifacts, and return how many files.

    It may be repeated after an interruption: runs that are marked as deleted are collected again.
    """
    client = mlflow.MlflowClient()
    if run.info.lifecycle_stage == "active":
        client.delete_run(run.info.run_id)
    files = _remove_artifacts(run.info.artifact_uri)
    logged_by_run = f"source_run_id = '{run.info.run_id}'"
    for model in client.search_logged_models([run.info.experiment_id], logged_by_run):
        files += _remove_artifacts(model.artifact_location)
        client.delete_logged_model(model.model_id)  # last: the search omits deleted models
    return files


def _remove_artifacts(uri: str) -> int:
    repository = get_artifact_repository(uri)
    count = sum(1 for _ in _files(repository, None))
    if count:
        repository.delete_artifacts()
    return count


def _files(repository: ArtifactRepository, path: str | None) -> Iterator[str]:
    for info in repository.list_artifacts(path):
        if info.is_dir:
            yield from _files(repository, info.path)
        else:
            yield info.path


def _roots() -> set[str]:
    """Return the ids of the runs that registered models reference."""
    texts: list[str] = []
    client = mlflow.MlflowClient()
    for model in paginate(client.search_registered_models):
        texts += [str(text) for text in model.tags.values()]
    for version in paginate(client.search_model_versions):
        texts += _references(version)
    return set(_named(texts))


def _references(version: ModelVersion) -> list[str]:
    texts = [version.run_id or "", *(str(text) for text in version.tags.values())]
    for model_id in _MODEL.findall(version.source or ""):
        try:
            texts.append(mlflow.MlflowClient().get_logged_model(model_id).source_run_id or "")
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    return texts


def _named(texts: Iterable[str]) -> list[str]:
    return [run_id for text in texts for run_id in _ID.findall(text)]
