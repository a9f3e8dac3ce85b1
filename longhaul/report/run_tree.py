"""The runs of one life cycle, read from the tracking store."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import yaml
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from longhaul import problem_yaml
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from longhaul.task_type import TaskType
from longhaul.tracking import artifacts
from longhaul.tracking.pagination import paginate
from longhaul.tracking.tags import HEADLINE, REUSED
from longhaul.tracking.ui_links import UiLinks


@dataclass(frozen=True)
class StepRun:
    """One step of a life cycle: its run, and whether it is reused from an earlier one."""

    run: Run
    reused: bool

    @property
    def entry_point(self) -> str:
        """The run's entry point."""
        return str(self.run.data.tags.get("mlflow.project.entryPoint", ""))

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.run.info.run_name)

    @property
    def headline(self) -> str:
        """The step's one-line summary."""
        return str(self.run.data.tags.get(HEADLINE, ""))

    @property
    def seconds(self) -> float | None:
        """Duration in seconds; None while it runs."""
        info = self.run.info
        return (info.end_time - info.start_time) / 1000 if info.end_time else None

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        return dict(self.run.data.metrics)

    @property
    def status(self) -> str:
        """The run's status, in lower case."""
        return str(self.run.info.status).lower()

    def text(self, name: str) -> str | None:
        """Read a text artifact; None when there is no such artifact."""
        try:
            path = artifacts.fetch(f"runs:/{self.run.info.run_id}/{name}")
        except LonghaulError:
            return None
        return path.read_text(encoding="utf-8")

    def json(self, name: str) -> Any:
        """Read a JSON artifact; None when there is no such artifact."""
        try:
            return artifacts.read_json(f"runs:/{self.run.info.run_id}/{name}")
        except LonghaulError:
            return None

    def pictures(self) -> list[tuple[str, str]]:
        """Return the title and data URI of each PNG under ``plots/``."""
        try:
            folder = artifacts.fetch(f"runs:/{self.run.info.run_id}/plots")
        except LonghaulError:
            return []
        return [(_title(path), _data_uri(path)) for path in sorted(folder.glob("*.png"))]


@dataclass(frozen=True)
class RunTree:
    """A parent run and its steps, in order of their start.

    Attributes
    ----------
    parent : Run
    steps : sequence of StepRun
        Its own finished steps, reused ones, and the parent itself where it is a step.
    links : UiLinks
        Addresses of pages in MLflow's UI.
    """

    parent: Run
    steps: Sequence[StepRun]
    links: UiLinks

    def steps_of(self, entry_point: str) -> list[StepRun]:
        """Return the steps of one entry point."""
        return [step for step in self.steps if step.entry_point == entry_point]

    def last(self, entry_point: str) -> StepRun | None:
        """Return the last step of one entry point; None when it did not run."""
        return next(reversed(self.steps_of(entry_point)), None)

    def children(self, step: StepRun) -> list[StepRun]:
        """Return the child runs of a step, in order of their start."""
        return [StepRun(run, step.reused) for run in _children(step.run)]

    def walk(self) -> Iterator[tuple[StepRun, int]]:
        """Yield all runs with their depths, children after their parent; failed ones, too."""
        listed = {step.run.info.run_id for step in self.steps}
        unlisted = [
            StepRun(r, False) for r in _children(self.parent) if r.info.run_id not in listed
        ]
        waiting = [(step, 0) for step in sorted([*self.steps, *unlisted], key=_start_time)]
        visited: set[str] = set()
        while waiting:
            step, depth = waiting.pop(0)
            if step.run.info.run_id not in visited:
                visited.add(step.run.info.run_id)
                yield step, depth
                waiting = [(child, depth + 1) for child in self.children(step)] + waiting

    def link(self, run: Run) -> str:
        """Return the address of a run in MLflow's UI."""
        return self.links.run(run.info.experiment_id, run.info.run_id)

    def run_link(self, run_id: str) -> str:
        """Return the address of a run of the same experiment in MLflow's UI; empty for no run."""
        if not run_id:
            return ""
        return self.links.run(self.parent.info.experiment_id, run_id)

    def version_link(self, name: str, version: str) -> str:
        """Return the address of a model version in MLflow's UI; empty for no version."""
        return self.links.version(name, version) if version.isdecimal() else ""

    def find_run(self, uri: str) -> StepRun | None:
        """Find the run of ``runs:/<run>/…``; None where there is none."""
        run_id = uri.removeprefix("runs:/").partition("/")[0]
        try:
            return StepRun(mlflow.MlflowClient().get_run(run_id), False) if run_id else None
        except MlflowException:
            return None

    def metric_history(self, run: Run, metric: str) -> list[float]:
        """Return the values of a metric, in order of its steps."""
        points = mlflow.MlflowClient().get_metric_history(run.info.run_id, metric)
        return [point.value for point in sorted(points, key=lambda point: point.step)]

    def problem(self) -> Problem | None:
        """Return the problem of the split step; None where there is none."""
        split = self.last("split")
        text = split.text("split/problem.yaml") if split else None
        if text is None:
            return None
        return problem_yaml.parse(
            yaml.load(text, Loader=yaml.BaseLoader), "the problem of the split"
        )

    def model_name(self) -> str:
        """Return the name of the registered model; empty where it is not known."""
        ingest, problem = self.last("ingest"), self.problem()
        profile = ingest.json("profile.json") if ingest else None
        return str(profile["problem"]) if profile else problem.name if problem else ""

    def task_type(self) -> TaskType:
        """Return the task type; binary where nothing tells it."""
        for entry_point, name in (("ingest", "profile.json"), ("evaluate", "verdict.json")):
            step = self.last(entry_point)
            if step and (artifact := step.json(name)):
                return artifact["kind"]
        monitored = self.last("monitor")
        assessment = monitored.json("monitor.json") if monitored else None
        return assessment["kind"] if assessment else "binary"


def read_run_tree(run_id: str) -> RunTree:
    """Gather a life cycle from the tracking store.

    Parameters
    ----------
    run_id : str
        Id of the parent run.

    Raises
    ------
    LonghaulError
        When there is no such run, or it has no finished steps.
    """
    client = mlflow.MlflowClient()
    try:
        parent = client.get_run(run_id)
    except MlflowException:
        raise LonghaulError(
            f"run: {run_id!r} is not in {mlflow.get_tracking_uri()}; give the id of a run there"
        ) from None
    reused = [
        client.get_run(value) for tag, value in parent.data.tags.items() if tag.startswith(REUSED)
    ]
    steps = [StepRun(run, False) for run in _children(parent) if run.info.status == "FINISHED"]
    steps += [StepRun(run, True) for run in reused]
    if not steps:
        raise LonghaulError(
            f"run: {run_id!r} has no finished steps to report on; give the run of a life cycle"
        )
    if parent.data.tags.get("mlflow.project.entryPoint") != "main":
        steps.append(StepRun(parent, False))
    links = UiLinks.for_experiment(parent.info.experiment_id)
    return RunTree(parent, sorted(steps, key=_start_time), links)


def _children(parent: Run) -> list[Run]:
    """Return the child runs of a run, in order of their start."""
    runs = paginate(
        mlflow.MlflowClient().search_runs,
        [parent.info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'",
        max_results=1000,
    )
    return sorted(runs, key=lambda run: run.info.start_time)


def _start_time(step: StepRun) -> int:
    return int(step.run.info.start_time)


def _title(path: Path) -> str:
    return path.stem.lstrip("0123456789_").replace("_", " ").capitalize()


def _data_uri(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
