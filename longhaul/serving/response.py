"""Response to a prediction request: the body, and the columns that are recorded."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from longhaul.task_type import TaskType

_ROW = b'{"probability": %b, "decision": %b}'
_BOOLEANS = {True: b"true", False: b"false"}


class PredictionResponse(NamedTuple):
    """Predictions of the rows of one request.

    Attributes
    ----------
    table : mapping of str to sequence of length n
        The features, and the time, as they were sent, column by column.
    columns : mapping of str to list of length n
        The predictions, see `longhaul.model.predictions.predicted`.
    body : bytes
        JSON that is sent.
    """

    table: Mapping[str, Sequence[Any]]
    columns: Mapping[str, list[Any]]
    body: bytes

    @property
    def rows(self) -> int:
        """Number of rows predicted."""
        return len(next(iter(self.columns.values())))


def build_response(
    table: Mapping[str, Sequence[Any]], predicted: Mapping[str, Any], task_type: TaskType
) -> PredictionResponse:
    """Build a response in the JSON of MLflow's scoring server; every number reads back equal.

    Parameters
    ----------
    table : mapping of str to sequence of length n
        The columns as they were sent.
    predicted : mapping of str to sequence of length n
        See `longhaul.model.predictions.predict`.
    task_type : str
    """
    columns = {name: to_list(column) for name, column in predicted.items()}
    if task_type != "binary":
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return PredictionResponse(table, columns, orjson.dumps({"predictions": rows}))
    texts = orjson.dumps(columns["probability"])[1:-1].split(b",")
    parts = [
        _ROW % (text, _BOOLEANS[decision])
        for text, decision in zip(texts, columns["decision"], strict=True)
    ]
    body = b'{"predictions": [%b]}' % b", ".join(parts)
    return PredictionResponse(table, columns, body)


def to_list(column: Any) -> list[Any]:
    """Convert a column to a list of Python values."""
    return list(column.tolist() if isinstance(column, np.ndarray) else column)
