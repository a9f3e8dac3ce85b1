"""The prediction record: what was asked and answered, as Parquet by model version and day.

::

    journal/<journal>.jsonl                                what workers are writing
    predictions/<model>-<version>/<day>/<journal>.parquet  what they have written
    shadow/<model>-<version>/<day>/<journal>.parquet       what another version says of it
    outcomes/<day>/<journal>.parquet                       what became of it
    broken/<journal>.jsonl                                 lines that cannot be read

A journal becomes files of its own name and is then removed, so that doing it twice, because the
first time was cut off, does no harm.
"""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.model.predictions import PROVENANCE_SCHEMA, columns
from longhaul.problem import TaskType

WAL, PREDICTIONS, SHADOW = "journal", "predictions", "shadow"
GROUND_TRUTH, UNREADABLE = "outcomes", "broken"

GROUND_TRUTH_SCHEMA = pa.schema(
    {
        "request": pa.string(),
        "row": pa.int64(),
        "outcome": pa.string(),  # as JSON: a truth, a text or a number
        "reported_at": PROVENANCE_SCHEMA["predicted_at"],
    }
)


def read(folder: Path, key: str, kind: str = PREDICTIONS) -> pd.DataFrame:
    """The predictions of a model on record, each with its outcome where it is known.

    Parameters
    ----------
    folder : Path
        Of the record.
    key : str
        ``<model>-<version>``.
    kind : str
        `PREDICTIONS`, or `SHADOW` for those that nobody was told.

    Returns
    -------
    DataFrame
        With the columns that all predictions have; of several outcomes that were reported of a
        row, the latest counts.
    """
    files = sorted((folder / kind / key).glob("*/*.parquet"))
    known = columns(_kind(files[0]) if files else "binary")
    tables = [pq.read_table(file, columns=list(known)) for file in files]
    found = pa.concat_tables(tables or [pa.schema(known).empty_table()]).to_pandas()
    reported = _outcomes(folder, known["outcome"])
    joined = found.drop(columns="outcome").merge(reported, how="left", on=["request", "row"])
    return joined[list(known)]


def write(path: Path, table: pa.Table) -> None:
    """Write a Parquet file, whole or not at all; nobody else writes it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    try:
        pq.write_table(table, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _kind(file: Path) -> TaskType:
    """What the predictions of a file are."""
    schema = pq.read_schema(file)
    if "prediction" in schema.names:
        return "regression"
    return "binary" if pa.types.is_boolean(schema.field("decision").type) else "multiclass"


def _outcomes(folder: Path, kind: pa.DataType) -> pd.DataFrame:
    """The latest outcome of each row that one was reported of."""
    files = sorted((folder / GROUND_TRUTH).glob("*/*.parquet"))
    tables = [pq.read_table(file) for file in files]
    found = pa.concat_tables(tables or [GROUND_TRUTH_SCHEMA.empty_table()]).to_pandas()
    ordered = found.sort_values("reported_at", kind="stable").drop(columns="reported_at")
    latest = ordered.drop_duplicates(["request", "row"], keep="last")
    told = [json.loads(one) for one in latest["outcome"]]
    if not pa.types.is_boolean(kind):
        return latest.assign(outcome=told)
    return latest.assign(outcome=pd.array(told, dtype="boolean"))
