"""A table is an input of its run: its size, its content, and where it comes from."""

import json

import mlflow
import pandas as pd
import pytest

from longhaul.errors import LonghaulError
from longhaul.tracking import datasets
from tests import tables


def test_the_whole_table_is_noted(tracking: str) -> None:
    """Its rows are counted, not those of the sample that shows its columns."""
    frame = tables.churn()
    with mlflow.start_run() as run:
        datasets.log(frame, "churn", "churn-1.0", datasets.digest(frame), "ingest")
    (noted,) = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    assert json.loads(noted.dataset.profile) == {"num_rows": len(frame)}
    columns = json.loads(noted.dataset.schema)["mlflow_colspec"]
    assert [column["name"] for column in columns] == list(frame.columns)
    assert noted.dataset.digest == datasets.digest(frame)[:36]


def test_an_artifact_is_a_source_that_can_be_followed(tracking: str) -> None:
    """Whatever store the artifact lies in."""
    with mlflow.start_run() as run:
        mlflow.log_text("rows", "table/2020-01.txt")
        uri = f"runs:/{run.info.run_id}/table"
        datasets.log(tables.churn(5), "churn", uri, "0", "train")
    (noted,) = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    source = datasets.RunArtifact.from_dict(json.loads(noted.dataset.source))
    assert source.uri == uri
    assert source.load().endswith("/table")


def test_digests_tell_tables_apart() -> None:
    """The same rows, the same digest; another value or order, another one."""
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert datasets.digest(frame) == datasets.digest(frame.copy())
    assert datasets.digest(frame) != datasets.digest(frame[::-1])
    assert datasets.digest(frame) != datasets.digest(frame.assign(a=[1, 3]))


def test_outside_of_a_run_is_said(tracking: str) -> None:
    """There is nothing to log to."""
    with pytest.raises(LonghaulError, match="dataset 'churn': there is no run"):
        datasets.log(tables.churn(2), "churn", "here", "0", "train")
