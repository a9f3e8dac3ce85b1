"""Search for finished steps by fingerprint, to use their results again."""

import importlib
from collections.abc import Mapping
from pathlib import Path

import mlflow
from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.projects.utils import load_project

from longhaul import imports
from longhaul.errors import LonghaulError
from longhaul.pipeline.fingerprint import digests, fingerprint
from longhaul.pipeline.project import python_module
from longhaul.registry import model_uri
from longhaul.tracking import manifest, store
from longhaul.tracking.mlflow_internals import entry_point_commands
from longhaul.tracking.tags import FINGERPRINT, STEPS, VERSION

REQUIREMENTS = Path("requirements.txt")
_DELETED = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "PERMISSION_DENIED")
_COMPOSITE = Path("longhaul/pipeline/flow.py")  # imported by the steps that run others
_STATE = "@step(state="  # in the file of a step that depends on more than its parameters


class Reuse:
    """The finished steps of an experiment.

    Parameters
    ----------
    project : Path
        The folder of MLproject.
    experiment_id : str
    """

    def __init__(self, project: Path, experiment_id: str):
        self._root = project
        self._project = load_project(str(project))
        self._experiment_id = experiment_id
        self._client = mlflow.MlflowClient()
        self._damages: dict[str, str] = {}

    def fingerprint(self, entry_point: str, given: Mapping[str, str]) -> str:
        """Digest everything that a step's result depends on; see `longhaul.pipeline.fingerprint`.

        Parameters
        ----------
        entry_point : str
        given : mapping of str to str
            Parameters; the others have the defaults of MLproject.

        Raises
        ------
        LonghaulError
            When the entry point is no ``python -m`` command.
        """
        declared = self._project.get_entry_point(entry_point)
        defaults = {name: str(spec.default) for name, spec in declared.parameters.items()}
        parameters = {**defaults, **given}
        if (command := python_module(declared.command)) is None:
            raise LonghaulError(
                f"entry point {entry_point}: a step that others run needs a command of the form"
                f" `python -m <module>`, not `{declared.command}`"
            )
        module, _ = command
        files = [*self._code(module), REQUIREMENTS]
        state = self._state(module, entry_point, parameters)
        return fingerprint(declared.command, parameters, digests(files, self._root), state)

    def _state(self, module: str, entry_point: str, parameters: Mapping[str, str]) -> str:
        """Ask the step for its state: its dependencies beside parameters and code.

        Only a step that declares it is imported: the others may need libraries that the process
        that runs them does not.
        """
        file = self._root.joinpath(*module.split(".")).with_suffix(".py")
        if _STATE not in file.read_text(encoding="utf-8"):
            return ""
        return str(getattr(importlib.import_module(module), entry_point).state(parameters))

    def _code(self, module: str) -> list[Path]:
        """Return the files of a step's code; of a step that runs others, with their files."""
        files = imports.closure([module], self._root)
        if _COMPOSITE not in files:
            return files
        return imports.closure([module, *self._steps()], self._root)

    def _steps(self) -> list[str]:
        """Return the modules of all entry points that have one."""
        commands = map(python_module, entry_point_commands(self._project))
        return [command[0] for command in commands if command]

    def find(self, wanted: str) -> tuple[Run | None, str]:
        """Find the newest finished run with a fingerprint, if its results still exist.

        Returns
        -------
        Run or None
        str
            Why a newer one is not reused; empty where there is none.
        """
        runs = self._client.search_runs(
            [self._experiment_id],
            f"attributes.status = 'FINISHED' and tags.`{FINGERPRINT}` = '{wanted}'",
            run_view_type=ViewType.ACTIVE_ONLY,
            max_results=5,
            order_by=["attributes.start_time DESC"],
        )
        damages: list[str] = []
        for run in runs:
            if not (damage := self._damage(run)):
                return run, "; ".join(damages)
            damages.append(f"run {run.info.run_id}: {damage}")
        return None, "; ".join(damages)

    def _damage(self, run: Run) -> str:
        """Describe the loss of a run: of its version, its artifacts, or its steps' artifacts.

        A store that does not answer is an error, not a deletion.
        """
        if run.info.run_id not in self._damages:
            self._damages[run.info.run_id] = self._look(run)
        return self._damages[run.info.run_id]

    def _look(self, run: Run) -> str:
        try:
            if version := model_uri.parse(run.data.tags.get(VERSION, "")):
                self._client.get_model_version(version.name, version.version)
            if not manifest.is_noted(run):  # of an earlier release
                return "" if self._client.list_artifacts(run.info.run_id) else "no artifacts"
            return manifest.find_damage(run) or self._damage_of_steps(run)
        except MlflowException as error:
            if error.error_code not in _DELETED:
                raise
            return store.describe_error(error)
        except FileNotFoundError as error:
            return f"{error.filename} is gone"

    def _damage_of_steps(self, run: Run) -> str:
        """Describe what is gone of the steps that a run has run."""
        ids = [run_id for run_id in run.data.tags.get(STEPS, "").split(",") if run_id]
        damages = (self._damage(self._client.get_run(run_id)) for run_id in ids)
        return next((damage for damage in damages if damage), "")
