"""Convert table rows to the JSON of MLflow's scoring protocol, without losing a digit."""

import json
from typing import Any

import pandas as pd


def dumps(frame: pd.DataFrame) -> str:
    """Convert rows to the ``dataframe_split`` form of MLflow's scoring protocol.

    Dates are ISO 8601 texts, missing values null, floats the shortest text that reads back equal.
    """
    data = [list(row) for row in zip(*columns(frame).values(), strict=True)]
    return json.dumps({"dataframe_split": {"columns": list(frame.columns), "data": data}})


def columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Convert the columns of a table to JSON types; see `dumps`."""
    return {str(name): _json_values(frame[name]) for name in frame.columns}


def _json_values(column: pd.Series) -> list[Any]:
    values = column.tolist()
    if pd.api.types.is_datetime64_any_dtype(column):
        values = [value.isoformat() for value in values]
    missing = column.isna()
    return [
        None if is_missing else value for value, is_missing in zip(values, missing, strict=True)
    ]
