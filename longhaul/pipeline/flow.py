"""Chain steps under one parent run: each is run, or reused when its inputs have not changed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import mlflow
from mlflow.entities import Run

from longhaul.errors import LonghaulError
from longhaul.pipeline import caller, warm_backend
from longhaul.pipeline.reuse import Reuse
from longhaul.pipeline.terminal import Terminal
from longhaul.tracking import artifacts, process_owner
from longhaul.tracking.mlflow_internals import MLFLOW_RUN_NOTE
from longhaul.tracking.tags import ERROR, FINGERPRINT, HEADLINE, OWNER, REUSED, STEPS
from longhaul.tracking.ui_links import UiLinks

NOTE_LENGTH = 5000  # the longest tag that every store keeps


class StepFailed(LonghaulError):
    """Error of a step, which has said itself why.

    Attributes
    ----------
    run : Run
        The run that failed.
    """

    def __init__(self, name: str, run: Run):
        super().__init__(f"step {name} failed (run {run.info.run_id})")
        self.run = run


@dataclass(frozen=True)
class FinishedStep:
    """A step that has finished, now or in an earlier life cycle."""

    name: str
    run_id: str
    reused: bool
    headline: str
    metrics: Mapping[str, float]

    def uri(self, path: str) -> str:
        """Return the URI of one of the step's artifacts."""
        return f"runs:/{self.run_id}/{path}"


@dataclass(frozen=True)
class _RunningStep:
    """A step at work."""

    name: str
    run: warm_backend.WarmRun


@contextmanager
def open_flow(use_cache: bool) -> Iterator["Flow"]:
    """Open a flow under the active run, of this project's steps, that prints to the terminal."""
    with (
        Terminal(warm_backend.depth()) as terminal,
        Flow(caller.PROJECT, mlflow.active_run(), use_cache, terminal) as flow,
    ):
        yield flow


class Flow:
    """Run a project's entry points as children of one parent run.

    A context manager: however the block is left, no child outlives it.

    Parameters
    ----------
    project : Path
        The folder of MLproject.
    parent : Run
        The active run.
    use_cache : bool
        Whether finished steps with the same fingerprint are reused.
    terminal : Terminal
    """

    def __init__(self, project: Path, parent: Run, use_cache: bool, terminal: Terminal):
        self._root = project
        self._parent = parent
        self._use_cache = use_cache
        self._terminal = terminal
        self._reuse = Reuse(project, parent.info.experiment_id)
        self._client = mlflow.MlflowClient()
        self._links = UiLinks.for_experiment(parent.info.experiment_id)
        self._running: list[_RunningStep] = []
        self.steps: list[FinishedStep] = []

    def __enter__(self) -> Self:
        """Begin to warm up the backend, and close the runs that a killed process left open."""
        warm_backend.register(self._root)
        for run_id in process_owner.reap_orphans(self._parent):
            self._terminal.say(f"run {run_id} is marked KILLED: its process ended before it did")
        return self

    def __exit__(self, *_: object) -> None:
        """End the children that are still at work."""
        for step in self._running:
            step.run.cancel()
            self._terminal.failed(step.name, "stopped")
        self._running.clear()
        self._describe()

    @property
    def parent_id(self) -> str:
        """Return the id of the parent run."""
        return str(self._parent.info.run_id)

    def run(self, entry_point: str, **parameters: object) -> FinishedStep:
        """Run or reuse one step.

        Parameters
        ----------
        entry_point : str
        **parameters : object
            Passed on as text; the others have the defaults of MLproject.

        Raises
        ------
        StepFailed
            When the step fails; the step itself has said why.
        """
        return self.run_each(entry_point, [parameters], at_once=1)[0]

    def run_each(
        self,
        entry_point: str,
        parameter_sets: Sequence[Mapping[str, object]],
        at_once: int,
    ) -> list[FinishedStep]:
        """Run or reuse one entry point with several sets of parameters, so many at a time.

        The steps are in the order of `parameter_sets`.
        """
        names = _names(entry_point, parameter_sets)
        waiting = {
            name: {key: str(value) for key, value in parameters.items()}
            for name, parameters in zip(names, parameter_sets, strict=True)
        }
        fingerprints = {
            name: self._reuse.fingerprint(entry_point, self._without_parent(parameters))
            for name, parameters in waiting.items()
        }
        done: dict[str, FinishedStep] = {}
        for name in names:
            if self._use_cache and (run := self._find(name, fingerprints[name])):
                done[name] = self._keep(name, run, reused=True)
                del waiting[name]
        while waiting or self._running:
            while waiting and len(self._running) < at_once:
                name = next(iter(waiting))
                self._start(name, entry_point, waiting.pop(name), fingerprints[name])
            finished = self._wait()
            done[finished.name] = finished
        return [done[name] for name in names]

    def summary(self, champion: str, candidate: str, pages: Mapping[str, tuple[str, str]]) -> None:
        """Print how it ended and where to look.

        Parameters
        ----------
        champion, candidate : str
            What to say of either.
        pages : mapping of str to (str, str)
            Run and artifact path of each page, by the name to print.
        """
        store = mlflow.get_tracking_uri()
        self._terminal.say(f"\nchampion   {champion}\ncandidate  {candidate}")
        served = store.startswith("http")
        for name, (run_id, path) in pages.items():
            uri = f"runs:/{run_id}/{path}"
            place = self._page(run_id, "/artifacts") if served else artifacts.fetch(uri)
            self._terminal.say(f"{name:<11}{place}")
        if not served:
            self._terminal.say(f"look       mlflow ui --backend-store-uri {store}, then open")
        self._terminal.say(f"{'look' if served else '':<11}{self._page(self.parent_id)}")

    def _page(self, run_id: str, part: str = "") -> str:
        """Return the address of a run in MLflow's interface."""
        return self._links.run(self._parent.info.experiment_id, run_id, part)

    def _describe(self) -> None:
        """Describe the parent run: a line for each step, with a link to its run."""
        relative = replace(self._links, address="")
        lines = [
            f"- [{step.name}]({relative.run(self._parent.info.experiment_id, step.run_id)})"
            f"{' (reused)' if step.reused else ''}: {step.headline}"
            for step in self.steps
        ]
        note = "\n".join(lines)[:NOTE_LENGTH]
        self._client.set_tag(self.parent_id, MLFLOW_RUN_NOTE, note)
        ids = ",".join(sorted(step.run_id for step in self.steps))
        if len(ids) <= NOTE_LENGTH:  # a cycle, or a retraining, which may be reused itself
            self._client.set_tag(self.parent_id, STEPS, ids)

    def _without_parent(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Replace the parent run's id, new each time, by the ids of the steps under it."""
        steps = ",".join(sorted(step.run_id for step in self.steps))
        return {
            name: steps if value == self.parent_id else value for name, value in parameters.items()
        }

    def _find(self, name: str, fingerprint: str) -> Run | None:
        """Find a finished run to reuse; say so where one is there no longer as it was."""
        run, damage = self._reuse.find(fingerprint)
        if damage:
            self._terminal.say(f"{name} does not reuse {damage}")
        return run

    def _start(
        self, name: str, entry_point: str, parameters: dict[str, str], fingerprint: str
    ) -> None:
        self._terminal.started(name)
        run = mlflow.run(
            str(self._root),
            entry_point=entry_point,
            parameters=parameters,
            backend=warm_backend.NAME,
            backend_config={
                warm_backend.TAGS: {FINGERPRINT: fingerprint, OWNER: process_owner.current()}
            },
            experiment_id=self._parent.info.experiment_id,
            run_name=name,
            synchronous=False,
        )
        self._running.append(_RunningStep(name, run))

    def _wait(self) -> FinishedStep:
        """Wait for the first of the running steps to end."""
        ended = warm_backend.first_to_end([step.run for step in self._running])
        index = [step.run for step in self._running].index(ended)
        name = self._running[index].name
        succeeded = ended.wait()
        del self._running[index]
        run = self._client.get_run(ended.run_id)
        if not succeeded:
            reason = run.data.tags.get(ERROR) or ended.describe_end()
            self._terminal.failed(name, reason)
            raise StepFailed(name, run)
        return self._keep(name, run, reused=False)

    def _keep(self, name: str, run: Run, reused: bool) -> FinishedStep:
        """Record a finished step, on the terminal and in the parent run."""
        step = FinishedStep(
            name, run.info.run_id, reused, run.data.tags.get(HEADLINE, ""), dict(run.data.metrics)
        )
        if reused:
            tag = REUSED + name.replace(" ", ".")
            self._client.set_tag(self._parent.info.run_id, tag, run.info.run_id)
        self._terminal.finished(name, step.headline, reused)
        self.steps.append(step)
        return step


def _names(entry_point: str, parameter_sets: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name each step: its entry point, with its family or period."""
    telling = ("family", "period")
    return [
        " ".join([entry_point, *(str(parameters[key]) for key in telling if key in parameters)])
        for parameters in parameter_sets
    ]
