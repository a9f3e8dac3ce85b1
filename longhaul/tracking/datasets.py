"""Datasets as inputs of runs."""

import hashlib
import json

import mlflow
import pandas as pd
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from longhaul.errors import LonghaulError

SAMPLE_ROWS = 200
_DIGEST_LENGTH = 36  # all that MLflow keeps of one


def log(frame: pd.DataFrame, name: str, source: str, digest: str, context: str) -> None:
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
    """
    run = mlflow.active_run()
    if run is None:
        raise LonghaulError(f"dataset {name!r}: there is no run to log it to")
    sample = mlflow.data.from_pandas(
        frame.head(SAMPLE_ROWS),
        source=_address(source),
        name=name,
        digest=digest[:_DIGEST_LENGTH],
    ).to_dict()
    whole = Dataset(**{**sample, "profile": json.dumps({"num_rows": len(frame)})})
    purpose = DatasetInput(whole, [InputTag(MLFLOW_DATASET_CONTEXT, context)])
    mlflow.MlflowClient().log_inputs(run.info.run_id, [purpose])


def digest(frame: pd.DataFrame) -> str:
    """Digest a table's values, in order."""
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return hashlib.sha256(rows.tobytes()).hexdigest()


def _address(source: str) -> str:
    """An address that MLflow's datasets understand: they do not know ``runs:/``."""
    if not source.startswith("runs:/"):
        return source
    run_id, _, path = source.removeprefix("runs:/").partition("/")
    return f"{mlflow.get_run(run_id).info.artifact_uri}/{path}"
