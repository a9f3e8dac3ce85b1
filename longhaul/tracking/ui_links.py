"""MLflow's interface: where it shows what the tracking store holds."""

from dataclasses import dataclass
from typing import Self

import mlflow

LOCAL = "http://127.0.0.1:5000"

_IN_WORKSPACE = "mlflow-artifacts:/workspaces/"


@dataclass(frozen=True)
class UiLinks:
    """Addresses in MLflow's interface.

    Attributes
    ----------
    address : str
        Of the interface, without a slash at the end; empty for links within it.
    workspace : str
        Of a server that has workspaces, which asks for one that is not named; else empty.
    """

    address: str
    workspace: str = ""

    @classmethod
    def of(cls, experiment_id: str) -> Self:
        """That of the tracking server, or the one that `mlflow ui` starts."""
        uri = mlflow.get_tracking_uri()
        if not uri.startswith("http"):
            return cls(LOCAL)
        experiment = mlflow.get_experiment(experiment_id)
        inside = str(experiment.artifact_location).startswith(_IN_WORKSPACE)
        return cls(uri.rstrip("/"), str(experiment.workspace) if inside else "")

    def run(self, experiment_id: str, run_id: str, part: str = "") -> str:
        """Where a run is shown, or a part of it such as ``/artifacts``."""
        place = f"experiments/{experiment_id}/runs/{run_id}{part}"
        return f"{self._start}#/{place}{self._query}"

    def version(self, name: str, number: str) -> str:
        """Where a version of a registered model is shown."""
        return f"{self._start}#/models/{name}/versions/{number}{self._query}"

    @property
    def _start(self) -> str:
        return f"{self.address}/" if self.address else ""

    @property
    def _query(self) -> str:
        return f"?workspace={self.workspace}" if self.workspace else ""
