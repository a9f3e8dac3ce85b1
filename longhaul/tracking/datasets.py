"""Datasets as inputs of runs."""

import hashlib
import json
from typing import Any

import mlflow
import pandas as pd
from mlflow.data.dataset_source import DatasetSource
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from longhaul.errors import LonghaulError
from longhaul.tracking.artifacts import fetch

SAMPLE_ROWS = 200
_DIGEST_LENGTH = 36  # all that MLflow keeps of one


def log(
    frame: pd.DataFrame,
    name: str,
    source: str,
    digest: str,
    context: str,
    rows: int | None = None,
) -> None:
    """Note a table as an input of the active run.

    MLflow reads the schema off every row; a sample shows the same schema in a thousandth of the
    time, while the digest and the number of rows are those of the whole table.

    Parameters
    ----------
    frame : DataFrame of n rows
    name : str
    source : str
        Where the table comes from, as an address; an artifact of a run may be one.
    digest : str
        Of its content.
    context : str
        What the run uses the table for.
    rows : int, optional
        How many the table has, where `frame` is a part of it.
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
    whole = Dataset(
        **{**sample, "profile": json.dumps({"num_rows": len(frame) if rows is None else rows})}
    )
    purpose = DatasetInput(whole, [InputTag(MLFLOW_DATASET_CONTEXT, context)])
    try:
        mlflow.MlflowClient().log_inputs(run.info.run_id, [purpose])
    except MlflowException as error:
        # Asked again, because an answer was lost, a server finds the input there and refuses.
        if "unique constraint" not in str(error).lower():
            raise


def digest(frame: pd.DataFrame) -> str:
    """Digest a table's values, in order."""
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return hashlib.sha256(rows.tobytes()).hexdigest()


class RunArtifact(DatasetSource):
    """An artifact of a run as the source of a dataset, in any artifact store.

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
        """Fetch the artifact; a path on this machine."""
        return str(fetch(self.uri))

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return isinstance(raw_source, str) and raw_source.startswith("runs:/")

    @classmethod
    def _resolve(cls, raw_source: Any) -> "RunArtifact":
        return cls(raw_source)

    def to_dict(self) -> dict[str, Any]:
        """The source as JSON knows it."""
        return {"uri": self.uri}

    @classmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> "RunArtifact":
        """Read what `to_dict` gave."""
        return cls(source_dict["uri"])
