"""What a request is answered with, and what the record keeps of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

_ROW = '{"probability": %r, "decision": %s}'
_WORDS = {True: "true", False: "false"}


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
    """An answer in the JSON that MLflow's scoring server writes, byte for byte."""
    chances, decisions = probability.tolist(), decision.tolist()
    rows = [_ROW % (p, _WORDS[d]) for p, d in zip(chances, decisions, strict=True)]
    return Answer(table, chances, decisions, f'{{"predictions": [{", ".join(rows)}]}}'.encode())
