"""Prediction log: requests and predictions as Parquet files by model version and day.

::

    journal/<wal>.jsonl                                write-ahead logs, one per worker
    predictions/<model>-<version>/<day>/<wal>.parquet  compacted predictions
    shadow/<model>-<version>/<day>/<wal>.parquet       the shadow's predictions of the same rows
    outcomes/<day>/<wal>.parquet                       ground truth that was reported
    losses/<day>/<wal>.parquet                         what could not be read, or not recorded
    broken/<wal>.jsonl                                 lines that cannot be read

A write-ahead log becomes files of its own name and is then removed, so that compacting it again,
after an interruption, duplicates nothing.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.model.correction import RAW, SHIFT
from longhaul.model.predictions import PROVENANCE_SCHEMA, columns
from longhaul.task_type import TaskType

WAL, PREDICTIONS, SHADOW = "journal", "predictions", "shadow"
GROUND_TRUTH, LOSSES, UNREADABLE = "outcomes", "losses", "broken"
SEALED = {PREDICTIONS: "*/*", SHADOW: "*/*", GROUND_TRUTH: "*", LOSSES: "*"}  # folders of days

GROUND_TRUTH_SCHEMA = pa.schema(
    {
        "request": pa.string(),
        "row": pa.int64(),
        "outcome": pa.string(),  # as JSON: true or false, a text or a number
        "reported_at": PROVENANCE_SCHEMA["predicted_at"],
    }
)
LOSS_SCHEMA = pa.schema(
    {
        "at": PROVENANCE_SCHEMA["predicted_at"],
        "refused": pa.int64(),  # requests
        "unread": pa.int64(),  # values
        "unrecorded": pa.int64(),  # rows
    }
)


def read(folder: Path, key: str, subfolder: str = PREDICTIONS) -> pd.DataFrame:
    """Read the predictions of a model version, joined with the ground truth that was reported.

    Parameters
    ----------
    folder : Path
        Of the prediction log.
    key : str
        ``<model>-<version>``.
    subfolder : str
        `PREDICTIONS`, or `SHADOW` for those that no client was sent.

    Returns
    -------
    DataFrame
        With the columns that all predictions have; of several outcomes that were reported of a
        row, the latest counts.
    """
    files = sorted((folder / subfolder / key).glob("*/*.parquet"))
    schema = columns(_task_type(files[0]) if files else "binary")
    tables = [_read_file(file, pa.schema(schema)) for file in files]
    predictions = pa.concat_tables(tables or [pa.schema(schema).empty_table()]).to_pandas()
    ground_truth = _read_ground_truth(folder, schema["outcome"])
    joined = predictions.drop(columns="outcome").merge(
        ground_truth, how="left", on=["request", "row"]
    )
    return joined[list(schema)]


def day_folders(folder: Path) -> list[Path]:
    """List the folders of Parquet files of a prediction log, which are named by the day."""
    return [day for name, days in SEALED.items() for day in sorted((folder / name).glob(days))]


def write(path: Path, table: pa.Table) -> None:
    """Write a Parquet file completely or not at all; no other process writes it meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    try:
        pq.write_table(table, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _read_file(file: Path, schema: pa.Schema) -> pa.Table:
    """Read one file; what was predicted before there were corrections was not shifted."""
    stored = pq.read_schema(file).names
    table = pq.read_table(file, columns=[name for name in schema.names if name in stored])
    if RAW in schema.names and RAW not in stored:
        table = table.append_column(RAW, table.column("probability"))
        table = table.append_column(SHIFT, pa.array(np.zeros(len(table))))
    return table.select(schema.names)


def _task_type(file: Path) -> TaskType:
    """Return the task type of the predictions in a file."""
    schema = pq.read_schema(file)
    if "prediction" in schema.names:
        return "regression"
    return "binary" if pa.types.is_boolean(schema.field("decision").type) else "multiclass"


def _read_ground_truth(folder: Path, data_type: pa.DataType) -> pd.DataFrame:
    """Read the latest outcome reported of each row."""
    files = sorted((folder / GROUND_TRUTH).glob("*/*.parquet"))
    tables = [pq.read_table(file) for file in files]
    reported = pa.concat_tables(tables or [GROUND_TRUTH_SCHEMA.empty_table()]).to_pandas()
    ordered = reported.sort_values("reported_at", kind="stable").drop(columns="reported_at")
    latest = ordered.drop_duplicates(["request", "row"], keep="last")
    outcomes = [json.loads(outcome) for outcome in latest["outcome"]]
    if not pa.types.is_boolean(data_type):
        return latest.assign(outcome=outcomes)
    return latest.assign(outcome=pd.array(outcomes, dtype="boolean"))
