"""Finished stages, found again by what their results depend on."""

from collections.abc import Mapping
from pathlib import Path

import mlflow
from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.projects.utils import load_project

from longhaul import imports
from longhaul.pipeline.fingerprint import digests, fingerprint
from longhaul.tracking.tags import FINGERPRINT, VERSION

REQUIREMENTS = Path("requirements.txt")
_DELETED = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "PERMISSION_DENIED")
_COMPOSITE = Path("longhaul/pipeline/flow.py")  # what a stage needs to run others


class Reuse:
    """The finished stages of an experiment.

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

    def fingerprint(self, entry_point: str, given: Mapping[str, str], state: str) -> str:
        """Digest what an entry point's result depends on; see `longhaul.pipeline.fingerprint`.

        Parameters
        ----------
        entry_point : str
        given : mapping of str to str
            Parameters; MLproject's defaults stand for the others.
        state : str
            What the result depends on and the parameters do not show.
        """
        declared = self._project.get_entry_point(entry_point)
        defaults = {name: str(one.default) for name, one in declared.parameters.items()}
        module = declared.command.split()[2]  # python -m <module>
        files = [*self._code(module), REQUIREMENTS]
        return fingerprint(
            declared.command, {**defaults, **given}, digests(files, self._root), state
        )

    def _code(self, module: str) -> list[Path]:
        """The files a stage is made of; one that runs others is made of theirs, too."""
        found = imports.closure([module], self._root)
        if _COMPOSITE not in found:
            return found
        return imports.closure([module, *self._steps()], self._root)

    def _steps(self) -> list[str]:
        """The modules of all entry points that have one."""
        commands = [one.command.split() for one in self._project._entry_points.values()]
        return [words[2] for words in commands if words[1] == "-m"]

    def find(self, wanted: str) -> Run | None:
        """The newest finished run with this fingerprint whose results are still there."""
        runs = self._client.search_runs(
            [self._experiment_id],
            f"attributes.status = 'FINISHED' and tags.`{FINGERPRINT}` = '{wanted}'",
            run_view_type=ViewType.ACTIVE_ONLY,
            max_results=5,
            order_by=["attributes.start_time DESC"],
        )
        return next((run for run in runs if self._intact(run)), None)

    def _intact(self, run: Run) -> bool:
        """Whether a run's artifacts, and the version that it made, have not been deleted.

        A store that does not answer is no deletion: nothing is done again for that.
        """
        try:
            if uri := run.data.tags.get(VERSION):
                name, _, number = uri.removeprefix("models:/").rpartition("/")
                self._client.get_model_version(name, number)
            return bool(self._client.list_artifacts(run.info.run_id))
        except MlflowException as error:
            if error.error_code not in _DELETED:
                raise
            return False
        except FileNotFoundError:
            return False
