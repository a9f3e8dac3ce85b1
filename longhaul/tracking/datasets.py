"""Datasets, logged as inputs of runs."""

import hashlib
import json
from typing import Any

import mlflow
import pandas as pd
from mlflow.data.dataset_source import DatasetSource
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.tracking.artifacts import fetch
from longhaul.tracking.mlflow_internals import MLFLOW_DATASET_CONTEXT

SAMPLE_ROWS = 200
_DIGEST_LENGTH = 36  # MLflow cuts longer ones


def log(
    frame: pd.DataFrame,
    name: str,
    source: str,
    digest: str,
    context: str,
    rows: int | None = None,
) -> None:
    """Log a table as an input of the active run.

    MLflow derives the schema from every row; a sample gives the same schema in a thousandth of the
    time, while digest and number of rows are those of the entire table.

    Parameters
    ----------
    frame : DataFrame of n rows
    name : str
    source : str
        Address that the table was read from; it may be an artifact of a run.
    digest : str
        Of its content.
    context : str
        What the run uses the table for.
    rows : int, optional
        Number of rows of the table, where `frame` is a part of it.
    """
    run = mlflow.active_run()
    if run is None:
        raise LonghaulError(f"dataset {name!r}: there is no run to log it to")
    sample = mlflow.data.from_pandas(
        frame.head(SAMPLE_ROWS),
        source=RunArtifact(source) if source.startswith("runs:/") else source,
        name=name,
        digest=digest[:_DIGEST_LENGTH],
    ).to_dict()
    dataset = Dataset(
        **{**sample, "profile": json.dumps({"num_rows": len(frame) if rows is None else rows})}
    )
    purpose = DatasetInput(dataset, [InputTag(MLFLOW_DATASET_CONTEXT, context)])
    try:
        mlflow.MlflowClient().log_inputs(run.info.run_id, [purpose])
    except MlflowException as error:
        # MLflow repeats a request whose answer was lost; the server then has the input already.
        if "unique constraint" not in str(error).lower():
            raise


def digest(frame: pd.DataFrame) -> str:
    """Return the SHA-256 digest of a table's values, in order."""
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return hashlib.sha256(rows.tobytes()).hexdigest()


class RunArtifact(DatasetSource):
    """Dataset source that is an artifact of a run, in any artifact store.

    MLflow's own sources know neither ``runs:/`` nor artifacts that a tracking server keeps.

    Parameters
    ----------
    uri : str
        Such as ``runs:/<run>/table``.
    """

    def __init__(self, uri: str):
        self.uri = uri

    @staticmethod
    def _get_source_type() -> str:
        return "mlflow_artifact"

    def load(self) -> str:
        """Fetch the artifact and return its path on this machine."""
        return str(fetch(self.uri))

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return isinstance(raw_source, str) and raw_source.startswith("runs:/")

    @classmethod
    def _resolve(cls, raw_source: Any) -> "RunArtifact":
        return cls(raw_source)

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return {"uri": self.uri}

    @classmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> "RunArtifact":
        """Restore a source from `to_dict`."""
        return cls(source_dict["uri"])
