"""Response to a prediction request: the body, and the columns that are recorded."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from longhaul.model.predictor import Predictor

_ROW = b'{"probability": %b, "decision": %b}'
_BOOLEANS = {True: b"true", False: b"false"}


class PredictionResponse(NamedTuple):
    """Predictions of the rows of one request.

    Attributes
    ----------
    table : mapping of str to sequence of length n
        The features as they were sent, column by column.
    columns : mapping of str to list of length n
        The predictions, see `longhaul.tasks.Task.schema`.
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
    table: Mapping[str, Sequence[Any]], predictor: Predictor, scores: np.ndarray
) -> PredictionResponse:
    """Build a response in the JSON of MLflow's scoring server; every number reads back equal."""
    if predictor.task_type != "binary":
        columns = {name: _to_list(column) for name, column in predictor.columns(scores).items()}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return PredictionResponse(table, columns, orjson.dumps({"predictions": rows}))
    probabilities, decisions = scores.tolist(), predictor.decide(scores).tolist()
    texts = orjson.dumps(probabilities)[1:-1].split(b",")
    parts = [
        _ROW % (text, _BOOLEANS[decision]) for text, decision in zip(texts, decisions, strict=True)
    ]
    body = b'{"predictions": [%b]}' % b", ".join(parts)
    return PredictionResponse(table, {"probability": probabilities, "decision": decisions}, body)


def _to_list(column: Any) -> list[Any]:
    return list(column.tolist() if isinstance(column, np.ndarray) else column)
