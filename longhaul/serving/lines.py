"""What a journal's lines say: a heading, then the requests that one version has answered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from longhaul.problem import Time

_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_WIDEST = 2**63


@dataclass(frozen=True)
class Heading:
    """What is the same for all rows that a version predicts.

    Attributes
    ----------
    model, version : str
    key : str
        Both, as the name of a folder.
    kinds : dict of str
        Each feature, and its kind.
    time : Time
        The column that says which period a row belongs to, if it was sent.
    """

    model: str
    version: str
    key: str
    kinds: Mapping[str, str]
    time: Time

    def line(self) -> bytes:
        """As a line of a journal."""
        time = {"column": self.time.column, "period": self.time.period}
        plain = {**vars(self), "kinds": list(self.kinds.items()), "time": time}
        return orjson.dumps({"heading": plain}) + b"\n"

    @classmethod
    def read(cls, plain: dict[str, Any]) -> "Heading":
        """Read what `line` wrote."""
        return cls(**{**plain, "kinds": dict(plain["kinds"]), "time": Time(**plain["time"])})


def request(
    name: str,
    at: float,
    features: Sequence[Sequence[Any] | None],
    probability: list[float],
    decision: list[bool],
) -> bytes:
    """The rows of one request as a line.

    Parameters
    ----------
    name : str
        The request's id.
    at : float
        When it was answered, in seconds since 1970.
    features : sequence of sequences of length n
        As they were sent, in the order of the heading; None for one that was not.
    probability, decision : list of length n
    """
    document = [name, at, features, probability, decision]
    try:
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # half a character, or an integer beyond 64 bits
        document[2] = [column and [_storable(value) for value in column] for column in features]
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def outcomes(at: float, reported: Sequence[tuple[str, int, bool]]) -> bytes:
    """Outcomes as a line: of which request and row, and whether it was positive."""
    return orjson.dumps({"at": at, "outcomes": reported}, option=orjson.OPT_APPEND_NEWLINE)


def read(text: bytes) -> Any:
    """What a line says; None where it cannot be read."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _storable(value: Any) -> Any:
    """A value that JSON in UTF-8 can hold, and that the encoder reads as the same."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) < _WIDEST:
        return value
    return _HALF_A_CHARACTER.sub("\ufffd", str(value))
