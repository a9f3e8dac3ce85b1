"""Links into MLflow's web interface."""

from dataclasses import dataclass
from typing import Self

import mlflow

LOCAL = "http://127.0.0.1:5000"

_IN_WORKSPACE = "mlflow-artifacts:/workspaces/"


@dataclass(frozen=True)
class UiLinks:
    """Links to the pages of runs and registered models in MLflow's interface.

    Attributes
    ----------
    address : str
        Of the interface, without a slash at the end; empty for relative links within it.
    workspace : str
        Named in the links to a server with workspaces, which asks for it otherwise; else empty.
    """

    address: str
    workspace: str = ""

    @classmethod
    def for_experiment(cls, experiment_id: str) -> Self:
        """Return links to the tracking server, or to `mlflow ui` where the store is local."""
        uri = mlflow.get_tracking_uri()
        if not uri.startswith("http"):
            return cls(LOCAL)
        experiment = mlflow.get_experiment(experiment_id)
        inside = str(experiment.artifact_location).startswith(_IN_WORKSPACE)
        return cls(uri.rstrip("/"), str(experiment.workspace) if inside else "")

    def run(self, experiment_id: str, run_id: str, part: str = "") -> str:
        """Return the link to a run, or to a part of its page such as ``/artifacts``."""
        place = f"experiments/{experiment_id}/runs/{run_id}{part}"
        return f"{self._start}#/{place}{self._query}"

    def version(self, name: str, number: str) -> str:
        """Return the link to a version of a registered model."""
        return f"{self._start}#/models/{name}/versions/{number}{self._query}"

    @property
    def _start(self) -> str:
        return f"{self.address}/" if self.address else ""

    @property
    def _query(self) -> str:
        return f"?workspace={self.workspace}" if self.workspace else ""
