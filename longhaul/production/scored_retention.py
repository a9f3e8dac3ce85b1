"""Retention of predictions that steps have stored: those that monitoring still needs stay."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import mlflow
from mlflow.entities import Run, ViewType

from longhaul.production.history import ProductionHistory
from longhaul.registry.model_uri import ModelUri
from longhaul.tracking.mlflow_internals import get_artifact_repository
from longhaul.tracking.pagination import paginate

PREDICTIONS = "predictions"
_RUN = re.compile(r"^runs:/([0-9a-f]{32})/")
_PAGE = 1000


@dataclass(frozen=True)
class StoredPredictions:
    """Folder of one version's predictions, in the artifacts of a run.

    Attributes
    ----------
    run : Run
    path : str
    """

    run: Run
    path: str

    def delete(self) -> None:
        """Delete the folder; a step that is run again makes it anew."""
        get_artifact_repository(self.run.info.artifact_uri).delete_artifacts(self.path)


def expired(name: str, before: int) -> list[StoredPredictions]:
    """List the predictions of a model's versions by runs that ended before a time, oldest first.

    Kept are those of periods whose performance is not recorded yet, and of the newest period.

    Parameters
    ----------
    name : str
        The registered model.
    before : int
        In ms since 1970.
    """
    kept = needed_runs(ProductionHistory.load(name))
    client = mlflow.MlflowClient()
    ids = [e.experiment_id for e in paginate(client.search_experiments, ViewType.ALL)]
    runs = paginate(
        client.search_runs,
        ids,
        f"attributes.end_time < {before}",
        ViewType.ACTIVE_ONLY,
        max_results=_PAGE,
        order_by=["attributes.end_time"],
    )
    old = [run for run in runs if run.info.run_id not in kept]
    return [StoredPredictions(run, path) for run in old for path in _folders(run, name)]


def needed_runs(history: ProductionHistory) -> set[str]:
    """Return the ids of runs with predictions that monitoring may read again."""
    newest = max(history.periods, default="")
    records = [*history.periods.values(), *history.parts.values()]
    needed = [
        record.predictions
        for record in records
        if record.period == newest or record.period not in history.performance
    ]
    return set(_ids(needed))


def _ids(uris: Iterable[str]) -> list[str]:
    return [match[1] for uri in uris if (match := _RUN.match(uri))]


def _folders(run: Run, name: str) -> list[str]:
    """List the folders of predictions by versions of a model in a run's artifacts."""
    listed = mlflow.MlflowClient().list_artifacts(run.info.run_id, PREDICTIONS)
    paths = [info.path for info in listed if info.is_dir]
    return [path for path in paths if _is_of(path.rpartition("/")[2], name)]


def _is_of(key: str, name: str) -> bool:
    return ModelUri(name, key.rpartition("-")[2], "").key == key
