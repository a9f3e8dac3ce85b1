"""The warm backend: an MLflow Projects backend that starts steps in a fork of a warm Python.

See `longhaul.fork_server`. The runs look exactly as those of MLflow's local backend: same
parameters, tags and exit statuses.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import RunTag
from mlflow.projects.backend import loader
from mlflow.projects.backend.abstract_backend import AbstractBackend
from mlflow.projects.submitted_run import SubmittedRun
from mlflow.projects.utils import (
    fetch_and_validate_project,
    get_entry_point_command,
    get_or_create_run,
    get_run_env_vars,
    load_project,
)

from longhaul import fork_server
from longhaul.fork_server import GRACE_SECONDS, WarmProcess
from longhaul.pipeline import failure
from longhaul.pipeline.project import python_module
from longhaul.tracking.mlflow_internals import entry_point_commands, validate_parameters

NAME = "warm"
TAGS = "tags"
DEPTH = "LONGHAUL_DEPTH"
POLL_SECONDS = 0.05
PRELOAD = (
    "mlflow.pyfunc",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.data.pandas_dataset",
    "mlflow.projects",
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.pipeline",
    "sklearn.metrics",
    "lightgbm",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "pydantic.dataclasses",
    "git",
)


class WarmRun(SubmittedRun):
    """A step that is running, or has ended, in a child process.

    Parameters
    ----------
    run_id : str
    process : WarmProcess or Popen
        Leads a process group of its own.
    scratch : TemporaryDirectory
        Where the step's temporary files are; removed when it has ended, however it did.
    """

    def __init__(
        self,
        run_id: str,
        process: "WarmProcess | subprocess.Popen[bytes]",
        scratch: "tempfile.TemporaryDirectory[str]",
    ):
        super().__init__()
        self._run_id = run_id
        self._process = process
        self._scratch = scratch

    @property
    def run_id(self) -> str:
        """Return the id of the step's MLflow run."""
        return self._run_id

    def wait(self) -> bool:
        """Wait until the step has ended and its run is closed; return whether it succeeded."""
        code = self._join(None)
        self._close("FINISHED" if code == 0 else "KILLED" if (code or 0) < 0 else "FAILED")
        return code == 0

    def get_status(self) -> str:
        """Return the status of the MLflow run."""
        return str(mlflow.MlflowClient().get_run(self._run_id).info.status)

    def ended(self, timeout: float) -> bool:
        """Return whether the process ends within `timeout` seconds; its run may still be open."""
        return self._join(timeout) is not None

    def describe_end(self) -> str:
        """Describe how the process ended, for a step that has not said why."""
        code = self._join(0)
        if code is None or code >= 0:
            return "see the line above"
        name = signal.Signals(-code).name
        cause = ": its memory may have run out" if -code == signal.SIGKILL else ""
        return f"ended by {name}{cause}"

    def cancel(self) -> None:
        """End the step and its children; its run is marked KILLED."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid or 0, number)
            if self._join(GRACE_SECONDS) is not None:
                break
        self._close("KILLED")

    def _join(self, timeout: float | None) -> int | None:
        """Return the exit code, negative for a signal; None if it did not end in time."""
        if isinstance(self._process, subprocess.Popen):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._process.wait(timeout)
            return None
        self._process.join(timeout)
        return self._process.exitcode

    def _close(self, status: str) -> None:
        self._scratch.cleanup()
        if self.get_status() == "RUNNING":
            mlflow.MlflowClient().set_terminated(self._run_id, status)


class WarmBackend(AbstractBackend):
    """Run ``python -m …`` entry points in a fork of a warm process, others in a new one."""

    def run(
        self,
        project_uri: str,
        entry_point: str,
        params: Mapping[str, Any],
        version: str | None,
        backend_config: Mapping[str, Any],
        tracking_uri: str,
        experiment_id: str,
    ) -> WarmRun:
        """Start an entry point; see `mlflow.projects.run`.

        `backend_config` may hold ``tags``, which are set on the run before it starts.
        """
        folder = _fetch(project_uri, version, entry_point, params)
        run = get_or_create_run(
            None, project_uri, experiment_id, folder, version, entry_point, params
        )
        run_id = run.info.run_id
        if tags := backend_config.get(TAGS):
            run_tags = [RunTag(name, value) for name, value in tags.items()]
            mlflow.MlflowClient().log_batch(run_id, tags=run_tags)
        scratch = tempfile.TemporaryDirectory(prefix="longhaul-")
        (command,) = get_entry_point_command(_project(folder), entry_point, params, scratch.name)
        environment = {
            **os.environ,  # as it is now: the server still has what it began with
            **get_run_env_vars(run_id, experiment_id),
            "TMPDIR": scratch.name,
            DEPTH: str(depth() + 1),
        }
        return WarmRun(run_id, _start(command, folder, environment), scratch)


def register(project: Path | None = None) -> None:
    """Make the backend known to `mlflow.run` and begin to warm it up, without waiting for it.

    Parameters
    ----------
    project : Path, optional
        The modules of its entry points are preloaded, too, if this process is in its folder.
    """
    loader.MLFLOW_BACKENDS.setdefault(NAME, WarmBackend)
    at_home = project is not None and project.resolve() == Path.cwd()  # the server's, too
    fork_server.warm_up([*PRELOAD, *(_modules(project) if project and at_home else ())])


def _fetch(
    uri: str, version: str | None, entry_point: str, params: Mapping[str, Any] | None
) -> str:
    """Return the folder of a project, checked by MLflow; a local one is read only once."""
    if version or not Path(uri).is_dir():
        return str(fetch_and_validate_project(uri, version, entry_point, params))
    folder = str(Path(uri).resolve())
    validate_parameters(_project(folder), entry_point, params or {})
    return folder


@lru_cache
def _project(folder: str) -> Any:
    """Load a project; reading it takes as long as creating a run."""
    return load_project(folder)


def _modules(project: Path) -> list[str]:
    """Return the modules that a project's entry points run."""
    commands = map(python_module, entry_point_commands(_project(str(project))))
    return [command[0] for command in commands if command]


def first_to_end(runs: Sequence[WarmRun]) -> WarmRun:
    """Wait until one of `runs` has ended, and return it."""
    while True:
        for run in runs:
            if run.ended(POLL_SECONDS):
                return run


def _start(
    command: str, folder: str, environment: dict[str, str]
) -> "WarmProcess | subprocess.Popen[bytes]":
    python_command = python_module(command)
    if python_command is None:
        return subprocess.Popen(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
    module, arguments = python_command
    process = WarmProcess(
        _run_module,
        module,
        shlex.split(arguments),
        folder,
        folder=Path(folder),
        environment=environment,
        name=module,
    )
    process.start()
    return process


def _run_module(module: str, arguments: list[str], folder: str) -> None:
    """Run ``python -m module arguments`` for a step; the target of the child."""
    _forget_others(folder)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            fork_server.run_module(module, arguments)
        except Exception as error:  # before its command began, as of a module that is not there
            name = module.rpartition(".")[2]
            print(f"error: {name}: {failure.convert(error)}", file=sys.stderr)
            sys.exit(1)


def _forget_others(folder: str) -> None:
    """Forget the preloaded packages of another project that this one has under the same name."""
    home = Path(folder).resolve()
    packages = {path.stem for path in home.iterdir() if (path / "__init__.py").is_file()}
    foreign = {
        name
        for name in packages & sys.modules.keys()
        if not Path(sys.modules[name].__file__ or "").resolve().is_relative_to(home)
    }
    for name in list(sys.modules):
        if name.partition(".")[0] in foreign:
            del sys.modules[name]


def depth() -> int:
    """Return the number of steps around this one."""
    return int(os.environ.get(DEPTH, 0))
