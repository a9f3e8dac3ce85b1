"""What the tracking store knows of one life cycle."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.tracking import artifacts
from longhaul.tracking.tags import HEADLINE, REUSED


@dataclass(frozen=True)
class StageRun:
    """One stage of a life cycle: its run, and whether it was reused from an earlier one."""

    run: Run
    reused: bool

    @property
    def entry_point(self) -> str:
        """The entry point that the run is of."""
        return str(self.run.data.tags.get("mlflow.project.entryPoint", ""))

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.run.info.run_name)

    @property
    def headline(self) -> str:
        """The stage's own line about its result."""
        return str(self.run.data.tags.get(HEADLINE, ""))

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        info = self.run.info
        return (info.end_time - info.start_time) / 1000 if info.end_time else None

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each of its metrics."""
        return dict(self.run.data.metrics)

    def json(self, name: str) -> Any:
        """One of its JSON artifacts; None when there is no such artifact."""
        try:
            return artifacts.read_json(f"runs:/{self.run.info.run_id}/{name}")
        except LonghaulError:
            return None

    def pictures(self) -> list[tuple[str, str]]:
        """Title and data URI of each PNG under ``plots/``."""
        try:
            folder = artifacts.fetch(f"runs:/{self.run.info.run_id}/plots")
        except LonghaulError:
            return []
        return [(_title(path), _data_uri(path)) for path in sorted(folder.glob("*.png"))]


@dataclass(frozen=True)
class History:
    """A parent run and its stages, in the order in which they ran."""

    parent: Run
    stages: Sequence[StageRun]

    def of(self, entry_point: str) -> list[StageRun]:
        """The stages of one entry point."""
        return [stage for stage in self.stages if stage.entry_point == entry_point]

    def last(self, entry_point: str) -> StageRun | None:
        """The last stage of one entry point; None when it did not run."""
        return next(reversed(self.of(entry_point)), None)


def read(run_id: str) -> History:
    """Gather a life cycle from the tracking store.

    Raises
    ------
    LonghaulError
        When there is no such run, or it has no stages.
    """
    client = mlflow.MlflowClient()
    try:
        parent = client.get_run(run_id)
    except MlflowException:
        raise LonghaulError(f"run: {run_id!r} is not in {mlflow.get_tracking_uri()}") from None
    children = client.search_runs(
        [parent.info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{run_id}'",
        max_results=1000,
    )
    reused = [
        client.get_run(value) for tag, value in parent.data.tags.items() if tag.startswith(REUSED)
    ]
    stages = [StageRun(run, False) for run in children if run.info.status == "FINISHED"]
    stages += [StageRun(run, True) for run in reused]
    if not stages:
        raise LonghaulError(f"run: {run_id!r} has no finished stages to report on")
    return History(parent, sorted(stages, key=lambda stage: stage.run.info.start_time))


def _title(path: Path) -> str:
    return path.stem.lstrip("0123456789_").replace("_", " ").capitalize()


def _data_uri(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
