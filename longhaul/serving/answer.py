"""What a request is answered with, and what the record keeps of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

_ROW = b'{"probability": %b, "decision": %b}'
_WORDS = {True: b"true", False: b"false"}


class Answer(NamedTuple):
    """Predictions of the rows of one request.

    Attributes
    ----------
    table : mapping of str to sequence of length n
        The features as they were sent, column by column.
    probability : list of float, of length n
    decision : list of bool, of length n
    body : bytes
        What is sent.
    """

    table: Mapping[str, Sequence[Any]]
    probability: list[float]
    decision: list[bool]
    body: bytes


def answer(table: Mapping[str, Sequence[Any]], probability: np.ndarray, decision: Any) -> Answer:
    """An answer in the JSON of MLflow's scoring server; every number reads back equal."""
    chances, decisions = probability.tolist(), decision.tolist()
    texts = orjson.dumps(chances)[1:-1].split(b",")
    rows = [_ROW % (text, _WORDS[one]) for text, one in zip(texts, decisions, strict=True)]
    return Answer(table, chances, decisions, b'{"predictions": [%b]}' % b", ".join(rows))
