"""What a request is answered with, and what the record keeps of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from longhaul.model.predictor import Predictor

_ROW = b'{"probability": %b, "decision": %b}'
_WORDS = {True: b"true", False: b"false"}


class PredictionResponse(NamedTuple):
    """Predictions of the rows of one request.

    Attributes
    ----------
    table : mapping of str to sequence of length n
        The features as they were sent, column by column.
    columns : mapping of str to list of length n
        The predictions, see `longhaul.tasks.Task.schema`.
    body : bytes
        What is sent.
    """

    table: Mapping[str, Sequence[Any]]
    columns: Mapping[str, list[Any]]
    body: bytes

    @property
    def rows(self) -> int:
        """How many were predicted."""
        return len(next(iter(self.columns.values())))


def build_response(table: Mapping[str, Sequence[Any]], predictor: Predictor, scores: np.ndarray) -> PredictionResponse:
    """An answer in the JSON of MLflow's scoring server; every number reads back equal."""
    if predictor.task_type != "binary":
        columns = {name: _plain(one) for name, one in predictor.columns(scores).items()}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return PredictionResponse(table, columns, orjson.dumps({"predictions": rows}))
    chances, decisions = scores.tolist(), predictor.decide(scores).tolist()
    texts = orjson.dumps(chances)[1:-1].split(b",")
    parts = [_ROW % (text, _WORDS[one]) for text, one in zip(texts, decisions, strict=True)]
    body = b'{"predictions": [%b]}' % b", ".join(parts)
    return PredictionResponse(table, {"probability": chances, "decision": decisions}, body)


def _plain(column: Any) -> list[Any]:
    return list(column.tolist() if isinstance(column, np.ndarray) else column)
