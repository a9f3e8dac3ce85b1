"""What may go: runs that nothing leads back to which a registered model still needs.

A run at work needs itself, a registered version the run that made it. The ledger needs its
evidence, the life in production the runs of its periods. A run needs those that it names, in a
parameter or a tag, the run it is a part of, and its own parts. What is needed that way, however
far and in whichever experiment, is kept.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import mlflow
from mlflow.entities import Run, ViewType
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from longhaul.tracking.pagination import paginate

_PARENT = "mlflow.parentRunId"
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_MODEL = re.compile(r"(?<![\w-])m-[0-9a-f]{32}(?![0-9a-f])")
_PAGE = 1000


@dataclass(frozen=True)
class Inventory:
    """An experiment's runs.

    Attributes
    ----------
    runs : mapping of str to Run
        By id; those marked as deleted, too.
    needed : frozenset of str
        The ids of those that must stay.
    """

    runs: Mapping[str, Run]
    reachable: frozenset[str]

    def old(self, before: int) -> list[Run]:
        """The runs that are not needed and had ended by a time, in ms since 1970, oldest first."""
        found = [
            run
            for run_id, run in self.runs.items()
            if run_id not in self.needed
            and run.info.end_time is not None
            and run.info.end_time < before
        ]
        return sorted(found, key=lambda run: run.info.start_time)


def take_inventory(experiment_id: str) -> Inventory:
    """Take stock of an experiment; what a run of another one needs is needed, too."""
    client = mlflow.MlflowClient()
    ids = [one.experiment_id for one in paginate(client.search_experiments, ViewType.ALL)]
    found = paginate(client.search_runs, ids, "", ViewType.ALL, max_results=_PAGE)
    runs = {run.info.run_id: run for run in found}
    at_work = {run_id for run_id, run in runs.items() if run.info.end_time is None}
    kept = reachable(runs, _roots() | at_work)
    own = {k: run for k, run in runs.items() if run.info.experiment_id == experiment_id}
    return Inventory(own, kept & own.keys())


def reachable(runs: Mapping[str, Run], roots: Iterable[str]) -> frozenset[str]:
    """All that is needed by some runs, however far.

    Parameters
    ----------
    runs : mapping of str to Run
    roots : iterable of str
        Ids; those that are not in `runs` are passed over.
    """
    parts: dict[str, list[str]] = {}
    for run_id, run in runs.items():
        parts.setdefault(run.data.tags.get(_PARENT, ""), []).append(run_id)
    found: set[str] = set()
    waiting = [run_id for run_id in roots if run_id in runs]
    while waiting:
        run_id = waiting.pop()
        if run_id in found:
            continue
        found.add(run_id)
        named = _named([*runs[run_id].data.params.values(), *runs[run_id].data.tags.values()])
        waiting += [one for one in [*named, *parts.get(run_id, [])] if one in runs]
    return frozenset(found)


def delete(run: Run) -> int:
    """Mark a run and its models as deleted, and remove their artifacts; how many files those were.

    Whoever is cut off in between can do it again: what is marked is looked through as well.
    """
    client = mlflow.MlflowClient()
    if run.info.lifecycle_stage == "active":
        client.delete_run(run.info.run_id)
    files = _empty(run.info.artifact_uri)
    made = f"source_run_id = '{run.info.run_id}'"
    for model in client.search_logged_models([run.info.experiment_id], made):
        files += _empty(model.artifact_location)
        client.delete_logged_model(model.model_id)  # last: a deleted one is not found again
    return files


def _empty(uri: str) -> int:
    repository = get_artifact_repository(uri)
    count = sum(1 for _ in _files(repository, None))
    if count:
        repository.delete_artifacts()
    return count


def _files(repository: ArtifactRepository, path: str | None) -> Iterator[str]:
    for one in repository.list_artifacts(path):
        if one.is_dir:
            yield from _files(repository, one.path)
        else:
            yield one.path


def _roots() -> set[str]:
    """The runs that registered models speak of."""
    texts: list[str] = []
    client = mlflow.MlflowClient()
    for model in paginate(client.search_registered_models):
        texts += _told_by_model(model)
    for version in paginate(client.search_model_versions):
        texts += _told_by_version(version)
    return set(_named(texts))


def _told_by_model(model: RegisteredModel) -> list[str]:
    return [str(text) for text in model.tags.values()]


def _told_by_version(version: ModelVersion) -> list[str]:
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
