"""The stages of one life cycle: each run, or reused when nothing it depends on has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import mlflow
from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from longhaul.errors import LonghaulError
from longhaul.pipeline import warm_backend
from longhaul.pipeline.reuse import Reuse
from longhaul.pipeline.terminal import Terminal
from longhaul.tracking import artifacts, process_owner
from longhaul.tracking.tags import ERROR, FINGERPRINT, HEADLINE, OWNER, REUSED
from longhaul.tracking.ui_links import UiLinks

NOTE_LENGTH = 5000  # the longest tag that every store keeps


@dataclass(frozen=True)
class Stage:
    """A stage that has finished, now or in an earlier life cycle."""

    name: str
    run_id: str
    reused: bool
    headline: str
    metrics: Mapping[str, float]

    def uri(self, path: str) -> str:
        """The URI of one of the stage's artifacts."""
        return f"runs:/{self.run_id}/{path}"


@dataclass(frozen=True)
class _Started:
    """A stage at work."""

    name: str
    run: warm_backend.WarmRun


class Flow:
    """Runs a project's entry points as children of one parent run.

    A context manager: however the block is left, no child outlives it.

    Parameters
    ----------
    project : Path
        The folder of MLproject.
    parent : Run
        The active run.
    resume : bool
        Whether finished stages with the same fingerprint are reused.
    terminal : Terminal
    """

    def __init__(self, project: Path, parent: Run, resume: bool, terminal: Terminal):
        self._root = project
        self._parent = parent
        self._resume = resume
        self._terminal = terminal
        self._reuse = Reuse(project, parent.info.experiment_id)
        self._client = mlflow.MlflowClient()
        self._interface = UiLinks.of(parent.info.experiment_id)
        self._at_work: list[_Started] = []
        self.stages: list[Stage] = []

    def __enter__(self) -> Self:
        """Begin to warm up the backend, and close what a life cycle that was cut off left open."""
        warm_backend.register(self._root)
        for run_id in process_owner.reap_orphans(self._parent):
            self._terminal.say(f"run {run_id} was cut off: marked KILLED")
        return self

    def __exit__(self, *_: object) -> None:
        """End the children that are still at work."""
        for started in self._at_work:
            started.run.cancel()
            self._terminal.failed(started.name, "stopped")
        self._at_work.clear()
        self._describe()

    @property
    def parent_id(self) -> str:
        """The id of the parent run."""
        return str(self._parent.info.run_id)

    def run(self, entry_point: str, state: str = "", **parameters: object) -> Stage:
        """Run or reuse one stage.

        Parameters
        ----------
        entry_point : str
        state : str
            What the stage's result depends on and the parameters do not show.
        **parameters : object
            Passed on as text; MLproject's defaults stand for the others.

        Raises
        ------
        LonghaulError
            When the stage fails; the stage itself has said why.
        """
        return self.run_each(entry_point, [parameters], at_once=1, state=state)[0]

    def run_each(
        self,
        entry_point: str,
        settings: Sequence[Mapping[str, object]],
        at_once: int,
        state: str = "",
    ) -> list[Stage]:
        """Run or reuse one entry point with several settings, so many at a time.

        The stages are in the order of `settings`.
        """
        names = _names(entry_point, settings)
        waiting = {
            name: {key: str(value) for key, value in parameters.items()}
            for name, parameters in zip(names, settings, strict=True)
        }
        prints = {
            name: self._reuse.fingerprint(entry_point, self._named(parameters), state)
            for name, parameters in waiting.items()
        }
        done: dict[str, Stage] = {}
        for name in names:
            if self._resume and (run := self._reuse.find(prints[name])):
                done[name] = self._keep(name, run, reused=True)
                del waiting[name]
        while waiting or self._at_work:
            while waiting and len(self._at_work) < at_once:
                name = next(iter(waiting))
                self._start(name, entry_point, waiting.pop(name), prints[name])
            finished = self._wait()
            done[finished.name] = finished
        return [done[name] for name in names]

    def summary(self, champion: str, candidate: str, pages: Mapping[str, tuple[str, str]]) -> None:
        """Say how it ended and where to look.

        Parameters
        ----------
        champion, candidate : str
            What became of either.
        pages : mapping of str to (str, str)
            By name, the run that has a page and the artifact that it is.
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
        """Where MLflow's interface shows a run."""
        return self._interface.run(self._parent.info.experiment_id, run_id, part)

    def _describe(self) -> None:
        """Describe the parent run: a line for each stage, with a link to the run it came from."""
        inside = replace(self._interface, address="")  # whatever the interface is called
        lines = [
            f"- [{stage.name}]({inside.run(self._parent.info.experiment_id, stage.run_id)})"
            f"{' (reused)' if stage.reused else ''}: {stage.headline}"
            for stage in self.stages
        ]
        note = "\n".join(lines)[:NOTE_LENGTH]
        self._client.set_tag(self.parent_id, MLFLOW_RUN_NOTE, note)

    def _named(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """The parameters with the parent run, which is new each time, as the stages under it."""
        stages = ",".join(sorted(stage.run_id for stage in self.stages))
        return {
            name: stages if value == self.parent_id else value for name, value in parameters.items()
        }

    def _start(self, name: str, entry_point: str, parameters: dict[str, str], print_: str) -> None:
        self._terminal.started(name)
        run = mlflow.run(
            str(self._root),
            entry_point=entry_point,
            parameters=parameters,
            backend=warm_backend.NAME,
            backend_config={
                warm_backend.TAGS: {FINGERPRINT: print_, OWNER: process_owner.current()}
            },
            experiment_id=self._parent.info.experiment_id,
            run_name=name,
            synchronous=False,
        )
        self._at_work.append(_Started(name, run))

    def _wait(self) -> Stage:
        """Wait for the first of the stages at work to end."""
        started = warm_backend.first_to_end([one.run for one in self._at_work])
        index = [one.run for one in self._at_work].index(started)
        one = self._at_work[index]
        succeeded = one.run.wait()
        del self._at_work[index]
        run = self._client.get_run(one.run.run_id)
        if not succeeded:
            reason = run.data.tags.get(ERROR, "see the line above")
            self._terminal.failed(one.name, reason)
            raise LonghaulError(f"stage {one.name} failed (run {run.info.run_id})")
        return self._keep(one.name, run, reused=False)

    def _keep(self, name: str, run: Run, reused: bool) -> Stage:
        """Note a finished stage, on the terminal and in the parent run."""
        stage = Stage(
            name, run.info.run_id, reused, run.data.tags.get(HEADLINE, ""), dict(run.data.metrics)
        )
        if reused:
            tag = REUSED + name.replace(" ", ".")
            self._client.set_tag(self._parent.info.run_id, tag, run.info.run_id)
        self._terminal.finished(name, stage.headline, reused)
        self.stages.append(stage)
        return stage


def _names(entry_point: str, settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """What to call each stage: the entry point, and what tells it from its siblings."""
    telling = ("family", "period")
    return [
        " ".join([entry_point, *(str(one[key]) for key in telling if key in one)])
        for one in settings
    ]
