"""Runs of a tracking store on this machine, with the folders of their artifacts and models."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow.entities import Run, ViewType

from longhaul.errors import LonghaulError
from longhaul.tracking import artifacts, manifest, mlflow_internals
from longhaul.tracking.pagination import paginate

TABLE, PREDICTIONS = "table", "predictions"
_PAGE = 1000
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class StoredRun:
    """Run, and the folders of its artifacts.

    Attributes
    ----------
    run : Run
    folder : Path
    models : mapping of str to Path
        The folder of each logged model, by id.
    """

    run: Run
    folder: Path
    models: dict[str, Path]

    @property
    def table(self) -> Path | None:
        """Folder of the table that its predictions belong to; None where no table is named."""
        if (self.folder / TABLE).is_dir():
            return self.folder / TABLE
        uri = self.run.data.params.get("table", "")
        if not uri:
            return None
        try:
            return artifacts.fetch(uri)
        except LonghaulError:
            return None  # deleted; its rows are gone

    def period_files(self, folder: str) -> Iterator[Path]:
        """Yield the Parquet files below a folder of artifacts; one that Spark wrote is a folder."""
        for file in sorted((self.folder / folder).rglob("*.parquet")):
            if file.parent.suffix != ".parquet":
                yield file

    def renew_manifest(self) -> None:
        """Note the artifacts as they are now."""
        models = [f"{manifest.MODELS}/{model}" for model in self.models]
        top = [path.name for path in self.folder.glob("*")]
        manifest.renew(self.run.info.run_id, [*top, *models])


def load() -> list[StoredRun]:
    """Load all runs of the store, also those marked as deleted.

    Raises
    ------
    LonghaulError
        When their artifacts are not on this machine.
    """
    client = mlflow.MlflowClient()
    experiments = paginate(client.search_experiments, ViewType.ALL)
    ids = [experiment.experiment_id for experiment in experiments]
    runs = paginate(client.search_runs, ids, "", ViewType.ALL, max_results=_PAGE)
    return [StoredRun(run, _local(run.info.artifact_uri), _models(run)) for run in runs]


def compact_database() -> None:
    """Overwrite what SQLite has freed, where the store is a SQLite file; others are left alone."""
    for file in databases():
        with closing(sqlite3.connect(file)) as database:
            database.execute("VACUUM")


def databases() -> list[Path]:
    """List the files of the store's database: the one of SQLite, and none of others."""
    uri = mlflow.get_tracking_uri()
    if not uri.startswith(_SQLITE):
        return []
    return [Path(uri.removeprefix(_SQLITE))]


def _models(run: Run) -> dict[str, Path]:
    client = mlflow.MlflowClient()
    outputs = run.outputs.model_outputs if run.outputs else []
    models = [client.get_logged_model(output.model_id) for output in outputs]
    return {model.model_id: _local(model.artifact_location) for model in models}


def _local(uri: str) -> Path:
    path = mlflow_internals.local_path(uri)
    if path is None:
        raise LonghaulError(
            f"{uri}: these artifacts are not on this machine; forget reaches a tracking store whose"
            " artifacts are in a folder: run it on the server's machine, with its database"
        )
    return path
